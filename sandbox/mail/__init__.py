"""A small mail server: mailboxes, an SMTP door to put mail in, and an IMAP door to read it."""
