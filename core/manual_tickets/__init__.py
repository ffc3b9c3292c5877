"""Tickets that an operator opens by hand, and recorded calls (A5, A7)."""
