// The topics of a forum: a row above the chat; the one that is read is chosen.

import { arrows, fill, h, isolated } from "../dom.js";
import { t } from "../i18n.js";

const GENERAL = 1; // messages of «General» name no topic

/** @param {import("./pane.js").Context} ctx @param {() => void} changed another topic is read */
export function makeTopics(ctx, changed) {
  const bar = h("div.topics", { role: "tablist", hidden: true });
  arrows(bar, "[role=tab]");
  const chosen = new Map(); // chat → topic
  const seen = new Map(); // "chat:topic" → the newest message that was read

  const all = () => ctx.chat()?.topics ?? [];
  function current() {
    if (!all().length) return null;
    const id = chosen.get(ctx.chat().id);
    return all().some((one) => one.id === id) ? id : GENERAL;
  }
  /** The messages of the topic that is read; of a chat without topics all. */
  function messages() {
    const topic = current();
    const list = ctx.chat()?.messages ?? [];
    return topic === null ? list : list.filter((one) => (one.topic ?? GENERAL) === topic);
  }
  function choose(id) {
    if (id === current()) return;
    chosen.set(ctx.chat().id, id);
    changed();
  }
  function refresh() {
    bar.hidden = !all().length;
    if (bar.hidden) return;
    const here = current();
    const place = (id) => `${ctx.chat().id}:${id}`;
    if (ctx.visible()) seen.set(place(here), messages().at(-1)?.id ?? 0);
    const last = new Map();
    const unread = new Map();
    for (const one of ctx.chat().messages) {
      const id = one.topic ?? GENERAL;
      last.set(id, one.id);
      if (!one.service && one.from.id !== ctx.actor() && one.id > (seen.get(place(id)) ?? 0)) unread.set(id, (unread.get(id) ?? 0) + 1);
    }
    const order = (one) => [one.id === GENERAL ? 0 : one.closed ? 2 : 1, -(last.get(one.id) ?? 0)];
    const sorted = [...all()].sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
    bar.setAttribute("aria-label", t("topics"));
    const focused = bar.contains(document.activeElement) && document.activeElement.dataset.topic;
    fill(bar, sorted.map((one) => tab(one, one.id === here, unread.get(one.id) ?? 0)));
    if (bar.dataset.chosen !== `${here}`) {
      bar.dataset.chosen = `${here}`;
      bar.querySelector("[aria-selected=true]")?.scrollIntoView({ inline: "center", block: "nearest" });
    }
    if (focused) bar.querySelector(`[data-topic="${focused}"]`)?.focus({ preventScroll: true });
  }
  function tab(one, mine, unread) {
    return h("button.topic", {
      type: "button", role: "tab", "aria-selected": String(mine), tabindex: mine ? "0" : "-1", data: { topic: one.id },
      class: one.closed ? "closed" : "", title: one.closed ? `${one.name} · ${t("topic_closed")}` : one.name, onclick: () => choose(one.id),
    }, one.id === GENERAL ? null : h("span.sign", { "aria-hidden": "true" }, one.icon || "💬"), isolated(one.id === GENERAL ? t("general") : one.name, "span.name"),
    unread && !mine ? h("span.count", { "aria-label": t("unread_count", { count: unread }) }, unread) : null);
  }
  const closed = () => all().find((one) => one.id === current())?.closed ?? false;
  return { bar, refresh, current, messages, choose, closed, GENERAL };
}
