"""The customer's private chat."""
