"""Tickets that operators open themselves: for somebody at the desk, or on the phone (A5, A7)."""
