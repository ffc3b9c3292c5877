"""The Mini App of operators and admins: the table of tickets, one ticket, the same actions."""
