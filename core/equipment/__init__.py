"""Cameras, whose they are, their faults, and faults that many report at once."""
