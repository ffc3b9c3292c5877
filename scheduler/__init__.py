"""The periodic jobs and what runs them; what is due is in the database."""
