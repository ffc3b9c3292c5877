"""The sandbox run of ``make run``: its company, its script, its controls and its clock."""
