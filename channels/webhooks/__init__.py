"""Calls to other systems, signed as Standard Webhooks describes (A13)."""
