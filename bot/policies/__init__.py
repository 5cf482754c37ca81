"""Dialogue policies: turn state, safety, topics and flows, one a file."""
