"""Tasks: the work behind a ticket."""
