"""What comes in over HTTP: health, metrics, Telegram's webhook. Imported only where served."""
