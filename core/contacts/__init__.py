"""How people are reached, and who is the same person."""
