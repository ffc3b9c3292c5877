// What nobody has looked at yet: counted per chat, told in the title of the page too.

import { on, setUnread, store } from "./store.js";

export function startUnread(panes) {
  on("event", ({ kind, data }) => {
    if (kind !== "message" || data.service) return;
    const chat = store.world.chats.get(data.chat);
    if (!chat) return;
    const pane = Object.values(panes).find((one) => one.ctx.chat()?.id === data.chat);
    const own = pane ? data.from.id === pane.ctx.actor() : data.from.id === chat.person;
    const read = pane && pane.ctx.visible() && pane.list.atEnd();
    if (!own && !read) setUnread(data.chat, (store.unread.get(data.chat) ?? 0) + 1);
  });
  on("reset", () => { for (const id of store.unread.keys()) if (!store.world.chats.has(id)) store.unread.delete(id); });
  document.addEventListener("visibilitychange", () => { for (const pane of Object.values(panes)) pane.list.refresh(); });
  on("unread", () => {
    const sum = [...store.unread.values()].reduce((all, one) => all + one, 0);
    document.title = sum ? `(${sum}) Frontdoor` : "Frontdoor";
  });
}
