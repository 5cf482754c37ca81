"""Input channels, thin, on one base: `base.py` guards, each other module speaks one protocol."""
