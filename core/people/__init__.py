"""Who is who: subscribers, operators, admins."""
