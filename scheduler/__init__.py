"""The clock: it only ticks; what is due is in the database."""
