"""A desk that is broken in the ways of real life, and must endure it."""
