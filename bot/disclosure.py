"""When people are told that they talk to a program; imports nothing, for both processes."""

# A program says that it is one again after this time (New York GBL art. 47 asks every 3 hours).
DISCLOSE_AGAIN_SECONDS = 3 * 3600
