// Trouble on purpose. What is going on is pressed in; another press, or “calm”, ends it.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { duration } from "../format.js";
import { language, t } from "../i18n.js";
import { api } from "../api.js";
import { firstChat, person, store } from "../store.js";
import { complain } from "../toasts.js";
import { ask, trouble } from "./ask.js";

/** name, icon, is it on, what to ask for */
const TROUBLES = [
  ["network", "plug", () => fault("network"), () => ({ do: "network", on: Boolean(fault("network")) })],
  ["flood", "clock", () => fault("flood"), () => (fault("flood") ? { do: "calm" } : { do: "flood", seconds: 30 })],
  ["lose_responses", "lost", () => fault("cut"), () => ({ do: "lose_responses", count: 3 })],
];

const fault = (kind) => store.world.faults.find((one) => one.kind === kind);

/** @param {{customer: () => number}} desk */
export function makeTroubles(desk) {
  const title = h("h3");
  const list = h("div.switches");
  const node = h("section.card.troubles", {}, title, list);
  function refresh() {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.trouble : null;
    title.textContent = t("trouble");
    fill(list, TROUBLES.map(([name, sign, state, body]) => toggle(name, sign, state(), (event) => trouble(event.currentTarget, body()))), blocking(desk),
      h("div.ends", {},
        h("button.button", { type: "button", data: { trouble: "calm" }, onclick: (event) => trouble(event.currentTarget, { do: "calm" }) }, icon("check"), t("calm")),
        demonstration(fault("demo"))));
    if (focused) list.querySelector(`[data-trouble="${focused}"]`)?.focus({ preventScroll: true });
  }
  return {
    node,
    refresh,
    tick() { for (const left of list.querySelectorAll("[data-until]")) left.textContent = leftOf(Number(left.dataset.until)); },
  };
}

function toggle(name, sign, state, onclick) {
  const left = state?.until ? h("small", { data: { until: state.until } }, leftOf(state.until)) : state?.left ? h("small", {}, `×${state.left}`) : null;
  return h("button.switch", { type: "button", "aria-pressed": String(Boolean(state)), data: { trouble: name }, title: t(`${name}_about`), onclick }, icon(sign), h("span", {}, t(name)), left, h("i.knob", { "aria-hidden": "true" }));
}

/** The story takes a while, and so does its end: meanwhile the button says how far it is. */
function demonstration(state) {
  if (state?.anew) return act("demo", "demo_ending", true);
  if (state?.of) return act("demo", "demo_telling", true, state);
  return [state ? null : act("demo", "demo_on"), act("anew", "demo_off")];
}

const DEMONSTRATION = { demo: (button) => trouble(button, { do: "demo", on: true }), anew: beginAnew };

function act(name, words, busy = false, facts = {}) {
  return h("button.button", { type: "button", disabled: busy, "aria-busy": String(busy), data: { trouble: name }, title: t(`${name}_about`), onclick: (event) => DEMONSTRATION[name](event.currentTarget) }, icon(name === "demo" ? "people" : "refresh"), t(words, facts));
}

/** All that was said disappears, so it is asked first; and what the new world is to be like. */
async function beginAnew(button) {
  const forum = firstChat("group")?.topics?.length ? "forum" : "plain";
  const wished = await ask("anew_title", [
    ["desk_language", [["ru", "Русский"], ["en", "English"]], language()],
    ["group_kind", [["plain", t("group_plain")], ["forum", t("group_forum")]], forum],
  ], { about: "anew_about", ok: "demo_off" });
  if (wished) await trouble(button, { do: "demo", on: false, language: wished.desk_language, forum: wished.group_kind === "forum" });
}

const leftOf = (until) => duration(Math.max(0, until - Date.now() / 1000));

/** The customer in the first pane blocks the bot, or lets it write again. */
function blocking(desk) {
  const who = person(desk.customer());
  if (!who) return null;
  return h("button.switch", { type: "button", "aria-pressed": String(who.blocked), data: { trouble: "block" }, title: t("block_about"), onclick: async () => {
    try { await api.act({ as: who.id, do: who.blocked ? "unblock" : "block" }); } catch (problem) { complain(problem, node()); }
  } }, icon("block"), h("span", {}, t("block", { name: who.name.split(" ")[0] })), h("i.knob", { "aria-hidden": "true" }));
}

const node = () => document.getElementById("machine");
