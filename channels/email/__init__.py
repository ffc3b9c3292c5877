"""E-mail to customers and staff, through the company's own mail server."""
