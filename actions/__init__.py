"""Custom actions of Upright and the reader of its knowledge base.

Nothing in this package imports `rasa`: the action server and the unit tests start in a second.
"""
