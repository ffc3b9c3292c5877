"""Mail that comes in: fetched, stored, parsed, and passed to one action."""
