"""Other systems: their keys, and what they open, read and say (A9, A13)."""
