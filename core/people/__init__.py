"""Who is who: customers, operators, admins."""
