"""Teams: who works in them, who is on duty, and with whom a ticket is."""
