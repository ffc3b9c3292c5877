// The header of a chat: picture, name, what is going on, a menu.

import { face } from "../avatar.js";
import { arrows, fill, h, isolated } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { openMiniApp } from "../miniapp.js";
import { person, store } from "../store.js";
import { chatSign, chatTitle } from "../titles.js";

const TYPING_LASTS = 6000;

export function makeHead(ctx, menuItems) {
  const head = h("header.chat-head");
  let typed = 0;
  function refresh() {
    const chat = ctx.chat();
    if (!chat) { fill(head, h("div.who", {}, h("h2", {}, t("no_chat")))); return; }
    clearTimeout(typed);
    if (chat.typing) typed = setTimeout(() => { chat.typing = false; refresh(); }, TYPING_LASTS);
    const [text, kind] = status(chat);
    const under = h("p.under", { class: kind, "aria-live": "off" }, kind === "typing" ? h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")) : null, text);
    fill(head,
      face(chat.kind === "private" ? store.world.bot.id : chat.id, chatTitle(chat), chatSign(chat)),
      h("div.who", {}, h("h2", {}, isolated(chatTitle(chat))), under),
      ctx.key === "group" ? h("button.button.mini", { type: "button", onclick: () => openMiniApp(ctx) }, t("mini_app")) : null,
      h("button.icon-button", { type: "button", "aria-haspopup": "menu", "aria-label": t("chat_menu"), onclick: (event) => openMenu(event.currentTarget, menuItems()) }, icon("more")));
  }
  return { head, refresh };
}

function status(chat) {
  if (chat.typing) {
    const doing = t(`doing_${chat.typing}`);
    const what = doing.startsWith("doing_") ? t("doing_typing") : doing;
    return [chat.kind === "group" ? `${store.world.bot.name} ${what}` : what, "typing"];
  }
  if (chat.kind === "private") return person(chat.person)?.blocked ? [t("bot_blocked"), "bad"] : [t("bot"), ""];
  const count = chat.members.length;
  return [t(chat.kind === "channel" ? "subscribers" : "members", { count }), ""];
}

/** A small menu under a button. @param {Array<[string, string, () => void, boolean?]>} items icon, words, act, dangerous */
export function openMenu(button, items) {
  if (button.getAttribute("aria-expanded") === "true") return;
  const menu = h("div.menu", { role: "menu" }, items.map(([sign, text, act, bad]) =>
    h("button.item", { type: "button", role: "menuitem", class: bad ? "bad" : "", onclick: () => { close(); act(); } }, icon(sign), text)));
  document.body.append(menu);
  const place = button.getBoundingClientRect();
  const above = place.bottom + menu.offsetHeight + 8 > innerHeight;
  menu.style.setProperty("left", `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`);
  menu.style.setProperty("top", `${Math.max(8, above ? place.top - menu.offsetHeight - 6 : place.bottom + 4)}px`);
  button.setAttribute("aria-expanded", "true");
  arrows(menu, "button");
  menu.querySelector("button")?.focus();
  const outside = (event) => { if (!menu.contains(event.target)) close(); };
  function close(focus) {
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (focus) button.focus();
  }
  setTimeout(() => document.addEventListener("pointerdown", outside), 0);
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); close(true); } });
}
