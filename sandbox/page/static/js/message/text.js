// The words of a message with Telegram's formatting, as nodes.

import { h } from "../dom.js";
import { tree, trimmed } from "../entities.js";
import { dateTime, fullTime, jumbo } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { now } from "../store.js";
import { toast } from "../toasts.js";

/**
 * @param {string} text @param {object[]} entities
 * @param {{command: (text: string) => void, link: (url: string) => void, mention: (who: object) => void}} acts
 */
export function words(text, entities, acts) {
  const node = h("div.words");
  if (!entities?.length && jumbo(text)) node.classList.add("jumbo");
  node.append(...nodes(trimmed(tree(text, entities)), acts));
  return node;
}

const nodes = (list, acts) => list.map((node) => (typeof node === "string" ? document.createTextNode(node) : formatted(node, acts)));

function formatted({ entity, children }, acts) {
  const inside = nodes(trimmed(children), acts);
  return (SHAPES[entity.type] ?? plain)(inside, entity, acts, plainText(children));
}

const plain = (inside) => h("span", {}, inside);
const plainText = (children) => children.map((one) => (typeof one === "string" ? one : plainText(one.children))).join("");

const SHAPES = {
  bold: (inside) => h("b", {}, inside),
  italic: (inside) => h("i", {}, inside),
  underline: (inside) => h("u", {}, inside),
  strikethrough: (inside) => h("s", {}, inside),
  spoiler: (inside) => spoiler(inside),
  code: (inside, _, __, text) => h("code", { title: t("copy"), onclick: () => copied(text) }, inside),
  pre: (inside, entity, _, text) => h("pre", { title: t("copy"), data: entity.language ? { language: entity.language } : {}, onclick: () => copied(text) }, inside),
  blockquote: (inside) => h("blockquote", {}, inside),
  expandable_blockquote: (inside) => folded(inside),
  text_link: (inside, entity, acts) => anchor(inside, entity.url, acts),
  url: (inside, _, acts, text) => anchor(inside, /^[a-z][\w+.-]*:/i.test(text) ? text : `https://${text}`, acts),
  email: (inside, _, acts, text) => anchor(inside, `mailto:${text}`, acts),
  phone_number: (inside, _, __, text) => pressable(inside, () => copied(text)),
  bot_command: (inside, _, acts, text) => pressable(inside, () => acts.command(text)),
  mention: (inside, _, acts, text) => pressable(inside, () => acts.mention({ username: text.slice(1) })),
  text_mention: (inside, entity, acts) => pressable(inside, () => acts.mention(entity.user ?? {})),
  hashtag: (inside, _, acts, text) => pressable(inside, () => acts.hashtag?.(text)),
  cashtag: (inside, _, __, text) => pressable(inside, () => copied(text)),
  date_time: (inside, entity) => moment(inside, entity),
};

function anchor(inside, url, acts) {
  const safe = /^(https?|tg|mailto):/i.test(url ?? "");
  if (!safe) return plain(inside);
  return h("a", { href: url, rel: "noopener noreferrer", target: "_blank", onclick: (event) => { event.preventDefault(); acts.link(url); } }, inside);
}

const pressable = (inside, onclick) => h("button.cmd", { type: "button", onclick }, inside);

/** The reader's own time, not the writer's: shown by the format, or as written; the whole moment on hover. */
function moment(inside, entity) {
  const shown = dateTime(entity.unix_time, entity.date_time_format ?? "", now());
  const node = h("time", { datetime: new Date(entity.unix_time * 1000).toISOString(), title: fullTime(entity.unix_time) }, shown || inside);
  if (entity.date_time_format === "r") node.dataset.relative = entity.unix_time;
  return node;
}

function spoiler(inside) {
  const node = h("span.spoiler", { role: "button", tabindex: "0", "aria-label": t("spoiler") }, inside);
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("seen");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
    node.removeEventListener("click", show);
    node.removeEventListener("keydown", show);
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", show);
  return node;
}

/** Three lines, and the rest on a press. Short ones have nothing to unfold. */
function folded(inside) {
  const fold = h("span.fold", {}, inside);
  const quote = h("blockquote.folds", {}, fold);
  const more = h("button.unfold", { type: "button", "aria-expanded": "false", "aria-label": t("unfold") }, icon("down"));
  const turn = () => more.setAttribute("aria-expanded", String(quote.classList.toggle("open")));
  more.addEventListener("click", (event) => { event.stopPropagation(); turn(); });
  quote.addEventListener("click", () => { if (quote.contains(more) && getSelection().isCollapsed) turn(); });
  new ResizeObserver((_, watcher) => {
    if (!fold.clientHeight) return;
    if (fold.scrollHeight > fold.clientHeight + 2) quote.append(more);
    watcher.disconnect();
  }).observe(fold);
  return quote;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("copy_failed"));
  }
}
export { copied as copy };
