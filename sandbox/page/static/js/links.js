// Links: to messages and to the bot they are followed inside the page, others are asked about first.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { emit, store } from "./store.js";
import { ask, toast } from "./toasts.js";

/** @param {import("./panes/pane.js").Context} ctx @param {string} url */
export async function followLink(ctx, url) {
  const inside = toMessage(url) ?? toBot(url);
  if (inside) { inside(ctx); return; }
  const sure = await ask({
    title: t("open_link"),
    body: [h("p.address", { dir: "ltr" }, url)],
    buttons: [{ text: t("cancel"), value: "" }, { text: t("open"), value: "yes", main: true }],
  });
  if (sure === "yes" && /^(https?|mailto):/i.test(url)) window.open(url, "_blank", "noopener,noreferrer");
}

/** t.me/c/123/45 (a supergroup: its id without -100) and t.me/name/45. */
function toMessage(url) {
  const found = /^(?:https?:\/\/)?t\.me\/c\/(\d+)\/(?:\d+\/)?(\d+)/i.exec(url) ?? /^tg:\/\/privatepost\?channel=(\d+)&post=(\d+)/i.exec(url);
  if (!found) return null;
  const chat = store.world.chats.get(Number(`-100${found[1]}`));
  return (ctx) => (chat ? emit("goto", { chat: chat.id, message: Number(found[2]) }) : toast(t("not_found"), ctx.section));
}

/** t.me/bot, t.me/bot?start=payload; the same as tg://resolve. */
function toBot(url) {
  const found = /^(?:https?:\/\/)?(?:t\.me|telegram\.me)\/(\w+)\/?(?:\?(.*))?$/i.exec(url);
  const asked = found ?? /^tg:\/\/resolve\?(?:.*&)?domain=(\w+)(.*)$/i.exec(url);
  if (!asked || asked[1].toLowerCase() !== store.world.bot.username.toLowerCase()) return null;
  const given = new URLSearchParams(asked[2] ?? "");
  return (ctx) => emit("start", { actor: ctx.actor(), payload: given.get("start") });
}
