// The menu of a message: by right click, by a long press, by the keyboard.

import { arrows, h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { on } from "../store.js";
import { forward } from "./forwarding.js";
import { QUICK, reactionLabel } from "./reactions.js";
import { copy } from "./text.js";

let open = null;

/** Listen for the three ways to a menu. @param {HTMLElement} list */
export function watchMenus(ctx, list) {
  const row = (event) => event.target.closest?.(".row[data-message]");
  list.addEventListener("contextmenu", (event) => {
    const node = row(event);
    if (!node || event.target.closest("a[href]")) return;
    event.preventDefault();
    const keyed = event.clientX === 0 && event.clientY === 0;
    const place = node.querySelector(".bubble")?.getBoundingClientRect();
    show(ctx, node, keyed ? { x: place.left + 24, y: place.top + 24 } : { x: event.clientX, y: event.clientY });
  });
  list.addEventListener("keydown", (event) => {
    const node = row(event);
    if (!node || event.target !== node) return;
    if (event.key !== "Enter" && event.key !== " " && !(event.shiftKey && event.key === "F10")) return;
    event.preventDefault();
    const place = node.querySelector(".bubble").getBoundingClientRect();
    show(ctx, node, { x: place.left + 24, y: place.top + 24 });
  });
  list.addEventListener("dblclick", (event) => {
    // As on the desk: a double click on the empty side of a message answers it.
    const node = row(event);
    if (node && !event.target.closest(".bubble, .inline")) ctx.reply(Number(node.dataset.message));
  });
  longPress(list, row, (node, point) => show(ctx, node, point));
}

function longPress(list, row, done) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  list.addEventListener("touchstart", (event) => {
    const node = row(event);
    if (!node || event.target.closest("button, a")) return;
    const { clientX: x, clientY: y } = event.touches[0];
    timer = setTimeout(() => done(node, { x, y }), 450);
  }, { passive: true });
  for (const name of ["touchend", "touchmove", "touchcancel"]) list.addEventListener(name, stop, { passive: true });
}

function show(ctx, node, { x, y }) {
  close();
  const message = ctx.chat().messages.find((one) => one.id === Number(node.dataset.message));
  if (!message) return;
  const selected = selection(node);
  const menu = h("div.menu", { role: "menu", "aria-label": t("message_menu") },
    h("div.quick", { role: "group", "aria-label": t("react") }, QUICK.map((emoji) =>
      h("button", { type: "button", role: "menuitem", "aria-label": reactionLabel(emoji), onclick: run(() => react(ctx, message, emoji)) }, emoji))),
    items(ctx, message, selected).map(([sign, key, act, bad]) =>
      h("button.item", { type: "button", role: "menuitem", class: bad ? "bad" : "", onclick: run(act) }, icon(sign), t(key))));
  document.body.append(menu);
  place(menu, x, y);
  arrows(menu, "button");
  menu.querySelector(".item").focus({ preventScroll: true });
  const back = node;
  open = { menu, back, off: on("reset", close) };
  setTimeout(() => document.addEventListener("pointerdown", outside), 0);
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); close(true); } });
}

const run = (act) => () => { close(); act(); };
const outside = (event) => { if (!open?.menu.contains(event.target)) close(); };

function close(focus = false) {
  if (!open) return;
  document.removeEventListener("pointerdown", outside);
  open.menu.remove();
  open.off();
  if (focus) open.back.focus({ preventScroll: true });
  open = null;
}

function items(ctx, message, selected) {
  const text = message.text ?? message.caption;
  const own = message.from.id === ctx.actor();
  const list = [];
  if (ctx.mayWrite()) {
    if (selected) list.push(["quote", "quote_reply", () => ctx.reply(message.id, selected)]);
    list.push(["reply", "reply", () => ctx.reply(message.id)]);
  }
  if (text) list.push(["copy", selected ? "copy_selected" : "copy_text", () => copy(selected || text)]);
  if (own && text && !message.forward) list.push(["pencil", "edit", () => ctx.edit(message.id)]);
  list.push(["forward", "forward", () => forward(ctx, message)]);
  if (own || ctx.isAdmin()) list.push(["trash", "delete", () => remove(ctx, message), true]);
  return list;
}

async function remove(ctx, message) {
  const { ask } = await import("../toasts.js");
  const sure = await ask({ title: t("delete_title"), body: [t("delete_body")], buttons: [{ text: t("cancel"), value: "" }, { text: t("delete"), value: "yes", bad: true, main: false }] });
  if (sure !== "yes") return;
  const parts = message.album ? ctx.chat().messages.filter((one) => one.album === message.album) : [message];
  for (const part of parts) await ctx.act({ do: "delete", message: part.id });
}

function react(ctx, message, emoji) {
  const mine = message.reactions?.some((one) => one.emoji === emoji && one.by.includes(ctx.actorName()));
  return ctx.act({ do: "react", message: message.id, emoji: mine ? null : emoji });
}

/** The words selected inside this message's own text. */
function selection(node) {
  const chosen = getSelection();
  if (chosen.isCollapsed || !chosen.rangeCount) return "";
  const text = node.querySelector(".words");
  return text?.contains(chosen.anchorNode) && text.contains(chosen.focusNode) ? chosen.toString().trim() : "";
}

function place(menu, x, y) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.setProperty("left", `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`);
  menu.style.setProperty("top", `${Math.max(8, y + height + 8 > innerHeight ? y - height : y)}px`);
}
