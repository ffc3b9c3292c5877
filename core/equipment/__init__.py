"""Cameras, their owners, their faults, and outages of a whole area."""
