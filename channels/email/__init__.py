"""Letters to subscribers and admins, handed to the company's own mail relay."""
