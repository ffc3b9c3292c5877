"""Letters to customers and staff, handed to the company's own mail relay."""
