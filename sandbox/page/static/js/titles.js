// What a chat is called by who looks at it: the private chat with the bot bears the bot's name.

import { store } from "./store.js";

export const chatTitle = (chat) => (chat.kind === "private" ? store.world.bot.name : chat.title);
export const chatSign = (chat) => (chat.kind === "channel" ? "megaphone" : null);
