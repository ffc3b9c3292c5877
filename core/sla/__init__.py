"""The clocks of a ticket: what is due when."""
