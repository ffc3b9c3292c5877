"""Pages for customers: the form that opens a ticket, and the page that follows one."""
