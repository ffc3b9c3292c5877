"""The operator group."""
