"""What a ticket has to do with: others like it, others made of it, objects elsewhere."""
