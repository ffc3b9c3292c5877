"""Those who act and expect: people, their chats with the bot, and the world that holds them."""
