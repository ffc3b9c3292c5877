"""How words leave the house: one folder for each medium; they do not know each other."""
