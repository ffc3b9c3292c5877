"""The HTTP API for other systems: its routes, what they take and give, who may call them."""
