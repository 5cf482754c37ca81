"""Understanding: Rasa graph components, one a file, over plain functions in `text.py`."""
