"""What people see in Telegram: one module per screen."""
