"""Figures of the desk, measured on this machine: ``python -m tools.bench``."""
