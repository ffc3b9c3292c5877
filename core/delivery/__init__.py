"""What somebody must receive: rows in the outbox, and how they leave it, in turn and on time."""
