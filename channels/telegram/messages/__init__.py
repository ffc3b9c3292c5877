"""Messages between the desk and Telegram: parsed when they come in, built when they leave."""
