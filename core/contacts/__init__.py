"""How people are reached, and which persons are the same."""
