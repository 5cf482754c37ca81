"""Storage: locks (tracker store and retention have issues of their own)."""
