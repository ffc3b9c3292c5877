"""Articles: what the company knows, for operators and, where it is public, for customers (B13)."""
