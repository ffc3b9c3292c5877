// Where one writes: text, reply or edit above it, files, voice, commands, the bot's keyboard.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { person } from "../store.js";
import { makeAbove } from "./above.js";
import { watchFiles } from "./attach.js";
import { attachMenu } from "./attachmenu.js";
import { openEmoji } from "./emoji.js";
import { makeKeyboard } from "./keyboard.js";
import { makeRecorder } from "./record.js";
import { makeSuggest } from "./suggest.js";

/** @param {import("../panes/pane.js").Context} ctx @param {HTMLElement} field where files may be dropped */
export function makeComposer(ctx, field) {
  const drafts = new Map(); // "chat:actor" → {text, reply, quote}
  let place = "";
  const input = h("textarea.input", { rows: "1", dir: "auto", enterkeyhint: "send", autocomplete: "off" });
  const above = makeAbove(ctx, () => { restore(""); input.focus(); });
  const keyboard = makeKeyboard(ctx, () => keys.setAttribute("aria-pressed", String(keyboard.open)));
  const suggest = makeSuggest(ctx, input, (text) => { restore(text); submit(); }); // it answers what is replied to
  const recorder = makeRecorder(ctx, () => above.target());
  const button = (name, sign, onclick, extra = {}) => h("button.icon-button", { type: "button", onclick, data: { label: name }, ...extra }, icon(sign));
  const menu = h("button.bot-menu", { type: "button", "aria-haspopup": "listbox", onclick: () => { suggest.toggle(); input.focus(); } });
  const attach = button("attach", "attach", () => attachMenu(ctx, attach, files), { "aria-haspopup": "menu" });
  const emoji = button("emoji", "smile", () => openEmoji(emoji, insert), { "aria-haspopup": "dialog" });
  const keys = button("keyboard", "keyboard", () => keyboard.toggle());
  const send = h("button.icon-button.send", { type: "button", onclick: () => (hasText() || above.editing() ? submit() : recorder.start()) });
  const files = watchFiles(ctx, { field, input, target: () => above.target(), sent: () => above.clear() });
  const line = h("div.line", {}, menu, attach, input, emoji, keys, send);
  const bar = h("button.start", { type: "button", hidden: true });
  const node = h("footer.composer", {}, suggest.node, above.node, line, recorder.node, bar, keyboard.node);

  const hasText = () => input.value.trim() !== "";
  /** As high as its words, to a limit. Measuring costs a layout, so it is done only when the words change. */
  function grow() {
    input.style.setProperty("height", "auto");
    input.style.setProperty("height", `${Math.min(input.scrollHeight, 160)}px`);
    sign();
  }
  /** A plane for words, a microphone for none. */
  function sign() {
    const sends = hasText() || above.editing();
    if (send.dataset.sign !== (sends ? "send" : "mic")) {
      send.dataset.sign = sends ? "send" : "mic";
      fill(send, icon(above.editing() ? "check" : send.dataset.sign));
    }
    send.setAttribute("aria-label", t(sends ? "send" : "record"));
    send.title = t(sends ? "send" : "record");
  }
  function restore(text) {
    input.value = text;
    suggest.close();
    grow();
  }
  function insert(text) {
    input.focus();
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
    suggest.refresh();
    grow();
  }
  async function submit() {
    const text = input.value.trim();
    const { edit, reply, quote } = above.state();
    if (!text) return;
    restore("");
    above.clear();
    const body = edit ? { do: "edit", message: edit, text } : { do: "say", text, reply_to: reply, quote };
    // What was refused comes back to be mended, unless something new is already there.
    if (!(await ctx.act(body)) && !input.value) { above.restore({ edit, reply, quote }); restore(text); }
  }

  input.addEventListener("input", () => { suggest.refresh(); grow(); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (suggest.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) { event.preventDefault(); submit(); }
    else if (event.key === "Escape" && above.active()) { event.preventDefault(); if (above.editing()) restore(""); above.clear(); grow(); }
    else if (event.key === "ArrowUp" && !input.value && !event.ctrlKey) editLast(event);
    else if (event.key === "ArrowUp" && event.ctrlKey) replyTo(event);
  });
  function editLast(event) {
    const mine = ctx.messages().findLast((one) => one.from.id === ctx.actor() && !one.service && !one.forward && (one.text || one.caption));
    if (!mine) return;
    event.preventDefault();
    api.edit(mine.id);
  }
  /** Ctrl+Up answers the message before, as on the desk. */
  function replyTo(event) {
    const said = ctx.messages().filter((one) => !one.service);
    const at = said.findIndex((one) => one.id === above.state().reply);
    const next = said[(at < 0 ? said.length : at) - 1];
    if (next) { event.preventDefault(); api.reply(next.id); }
  }

  function refresh() {
    const chat = ctx.chat();
    const here = `${chat?.id}:${ctx.actor()}:${ctx.writesIn()}`;
    if (here !== place) change(here);
    const closed = barFor(chat);
    bar.hidden = !closed;
    line.hidden = Boolean(closed) || recorder.active();
    if (closed) { fill(bar, t(closed.words)); bar.onclick = closed.act; bar.disabled = !closed.act; bar.className = `start ${closed.quiet ? "quiet" : ""}`; }
    const commands = suggest.commands();
    menu.hidden = !(chat?.kind === "private" && commands.length && chat.menu?.type !== "default") || keyboard.has();
    fill(menu, icon("menu"), h("span", {}, t("menu")));
    keyboard.refresh(Boolean(closed));
    keys.hidden = !keyboard.has();
    keys.setAttribute("aria-pressed", String(keyboard.open));
    input.placeholder = above.placeholder() || keyboard.placeholder() || t(chat?.kind === "channel" ? "write_channel" : "write");
    input.setAttribute("aria-label", `${t("write")}: ${ctx.title()}, ${ctx.actorName()}`);
    above.refresh();
    sign();
  }
  function barFor(chat) {
    if (!chat) return { words: "no_chat", quiet: true };
    if (chat.kind === "private" && (person(chat.person)?.blocked || chat.access === "blocked")) return { words: "unblock", act: () => ctx.act({ do: "unblock" }) };
    if (ctx.topicClosed() && !ctx.isAdmin()) return { words: "topic_closed", quiet: true };
    if (ctx.mayWrite()) return null;
    if (chat.kind === "private") return { words: "start", act: () => ctx.act({ do: "start" }) };
    return { words: chat.kind === "channel" ? "readers" : "not_member", quiet: true };
  }
  function change(here) {
    if (place) drafts.set(place, { text: input.value, ...above.state() });
    place = here;
    const draft = drafts.get(here) ?? { text: "" };
    above.restore(draft);
    restore(draft.text);
  }
  function words() {
    for (const one of [attach, emoji, keys]) { one.setAttribute("aria-label", t(one.dataset.label)); one.title = t(one.dataset.label); }
  }
  words();
  const api = {
    node, input, refresh, insert,
    renew() { words(); refresh(); },
    focus: () => input.focus(),
    write(text) { restore(text); input.focus(); },
    reply(id, quote) { if (above.editing()) restore(""); above.restore({ reply: id, quote }); refresh(); input.focus(); },
    edit(id) {
      const message = ctx.chat().messages.find((one) => one.id === id);
      above.restore({ edit: id });
      restore(message.text ?? message.caption ?? "");
      refresh();
      input.focus();
      input.setSelectionRange(input.value.length, input.value.length);
    },
  };
  return api;
}
