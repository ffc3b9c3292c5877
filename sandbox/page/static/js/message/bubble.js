// One row of a chat: a day, a service line, or a bubble with everything around it.

import { face } from "../avatar.js";
import { h, isolated } from "../dom.js";
import { clockTime, colour, dayName, fullTime } from "../format.js";
import { icon } from "../icons.js";
import { language, t } from "../i18n.js";
import { now } from "../store.js";
import { delivered } from "../ticks.js";
import { album } from "./album.js";
import { buttons } from "./buttons.js";
import { kindName, summary } from "./kinds.js";
import { media } from "./media.js";
import { reactions } from "./reactions.js";
import { words } from "./text.js";

/** @param {import("../panes/pane.js").Context} ctx @param {import("./rows.js").Row} row */
export function draw(ctx, row) {
  if (row.kind === "day") return h("div.day", {}, h("span.pill", {}, dayName(row.date, now())));
  if (row.kind === "unread") return h("div.unread", {}, t("unread"));
  if (row.kind === "service") return service(ctx, row.messages[0]);
  return bubbleRow(ctx, row);
}

function service(ctx, message) {
  const text = language() === "en" ? message.service_en ?? message.service : message.service;
  const target = message.service_facts?.message;
  const line = target
    ? h("button.pill.service", { type: "button", dir: "auto", onclick: () => ctx.jump(target) }, text)
    : h("span.pill.service", { dir: "auto" }, text);
  line.dataset.message = message.id;
  return line;
}

function bubbleRow(ctx, row) {
  const [message] = row.messages;
  const said = row.messages.find((one) => one.text || one.caption) ?? message;
  const channel = ctx.chat().kind === "channel";
  const grouped = ctx.chat().kind === "group";
  const seated = grouped && !row.own;
  const keys = buttons(ctx, row.messages.at(-1));
  const node = h("article.row", {
    class: [row.own ? "own" : "other", row.first ? "first" : "", row.last ? "last" : "", seated ? "seated" : ""].join(" "),
    tabindex: "-1",
    data: { message: message.id },
    "aria-label": spoken(said, row),
  }, h("div.stack", { class: keys ? "wide" : "" }, bubble(ctx, row, said, { named: seated && row.first, channel, seated }), keys));
  return node;
}

/** What a screen reader says before the words: who, when. */
function spoken(message, row) {
  const who = row.own ? t("you") : message.from.name;
  return `${who}, ${clockTime(message.date)}: ${summary(message)}`;
}

function bubble(ctx, row, said, { named, channel, seated }) {
  const [message] = row.messages;
  const text = said.text ?? said.caption ?? "";
  const shown = row.messages.length > 1 ? album(ctx, row.messages) : media(ctx, message);
  const bare = shown?.classList.contains("bare-media") && !text;
  const meta = metaLine(ctx, said, row, channel);
  const reacted = reactions(ctx, row.messages.find((one) => one.reactions?.length) ?? message, bare);
  const node = h("div.bubble", { class: `${bare ? "bare" : "tailed"}` },
    seated && row.last ? h("span.seat", {}, face(message.from.id, message.from.name)) : null,
    named && !bare ? author(ctx, message) : null,
    message.forward ? h("div.forwarded", {}, t("forwarded"), " ", h("b", { dir: "auto" }, message.forward)) : null,
    message.reply_to && !bare ? quote(ctx, message.reply_to) : null,
    shown);
  if (text) node.append(words(text, said.text ? said.entities : said.caption_entities, ctx.acts));
  if (!text && shown && overlaid(shown)) { meta.classList.add("over"); (bare ? node : shown).append(meta); shown.classList.add("alone"); }
  else if (reacted && !bare) { reacted.append(meta); }
  else (node.querySelector(":scope > .words") ?? node).append(meta);
  if (reacted && !bare) node.append(reacted);
  return reacted && bare ? [node, reacted] : node;
}

/** Pictures carry the time on themselves; files and voices beside. */
const overlaid = (shown) => shown.matches(".photo, .album:not(.files), .bare-media, .place:not(.venue)");

function author(ctx, message) {
  return h("div.author", { style: { "--name": `var(--name-${colour(message.from.id)})` } },
    isolated(message.from.name, "span.name"), ctx.chat().admins?.includes(message.from.id) ? h("span.rank", {}, t("rank_admin")) : null);
}

function quote(ctx, to) {
  const text = to.deleted ? t("deleted") : to.quote ?? (to.kind && (!to.text || to.text === to.kind) ? kindName(to.kind) : to.text);
  return h("button.answer", { type: "button", class: to.quote ? "quoting" : "", onclick: () => to.id && ctx.jump(to.id), "aria-label": `${t("in_reply_to")} ${to.name}: ${text}` },
    to.name ? h("b", { dir: "auto" }, to.name) : null, h("span", { dir: "auto" }, text));
}

function metaLine(ctx, message, row, channel) {
  return h("span.meta", { title: fullTime(message.date) + (message.edit_date ? ` · ${t("edited")} ${fullTime(message.edit_date)}` : "") },
    channel ? [icon("eye"), h("span", {}, "1")] : null,
    message.edit_date ? h("span", {}, t("edited")) : null,
    h("span", {}, clockTime(message.date)),
    row.own ? tick(ctx, message) : null);
}

/** One tick: Telegram has it; two: the bot was there to read it. */
function tick(ctx, message) {
  const read = delivered(ctx.chat().id, message.id);
  const node = icon(read ? "checks" : "check");
  node.setAttribute("role", "img");
  node.removeAttribute("aria-hidden");
  node.setAttribute("aria-label", t(read ? "read" : "sent"));
  return node;
}
