"""Canned responses (E1): which ones fit a ticket, filled with its facts, sent with what they do."""
