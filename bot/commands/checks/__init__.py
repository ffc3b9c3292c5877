"""What ``python -m bot check`` examines, by subject."""
