"""A strict Bot API server on 127.0.0.1, and the Telegram behind it. It knows no people's code."""
