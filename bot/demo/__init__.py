"""The sandbox of ``make run``: its company, its story, its clock, its controls."""
