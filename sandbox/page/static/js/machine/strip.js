// The controls: what the bot is doing, what comes next, and trouble on purpose.

import { fill, h } from "../dom.js";
import { clockTime, weekday } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { now, on, store } from "../store.js";
import { makeFigures } from "./figures.js";
import { makeNext } from "./next.js";
import { ask, trouble } from "./ask.js";
import { makeTroubles } from "./troubles.js";

const LEAPS = [["leap_hour", 3600], ["leap_hours", 8 * 3600], ["leap_day", 86_400], ["leap_week", 7 * 86_400]];

/** @param {HTMLElement} aside @param {{customer: () => number, close: () => void}} desk */
export function makeMachine(aside, desk) {
  const parts = { bot: botPart(), clock: clockPart(), figures: makeFigures(), next: makeNext(), troubles: makeTroubles(desk), log: logPart() };
  function build() {
    aside.setAttribute("aria-label", t("machine"));
    fill(aside,
      h("header.machine-head", {}, h("h2", {}, t("machine")), h("button.icon-button.machine-close", { type: "button", "aria-label": t("close"), onclick: desk.close }, icon("close"))),
      Object.values(parts).map((part) => part.node));
    refresh();
  }
  const refresh = () => { for (const part of Object.values(parts)) part.refresh(); };
  for (const topic of ["machine", "faults", "clock", "reset", "people"]) on(topic, refresh);
  setInterval(() => { parts.clock.refresh(); parts.next.refresh(); parts.troubles.tick(); }, 1000);
  build();
  return { build };
}

/** Alive or not, and the switch. */
function botPart() {
  const node = h("section.card.bot");
  let drawn = "";
  return {
    node,
    refresh() {
      const { bot, pid } = store.world.machine;
      const key = `${bot}:${pid}:${document.documentElement.lang}`;
      if (key === drawn) return;
      drawn = key;
      const alive = bot === "running" || bot === "starting";
      fill(node, h("div.lamp", { class: bot ?? "unknown", "aria-hidden": "true" }),
        h("div.who", {}, h("b", { role: "status" }, t(`bot_${bot ?? "unknown"}`)), h("small", {}, pid && alive ? t("process", { pid }) : t("process_none"))),
        bot ? h("button.button", { type: "button", class: alive ? "bad" : "main", data: { do: alive ? "kill_bot" : "start_bot" }, title: alive ? t("kill_about") : "", onclick: (event) => trouble(event.currentTarget, { do: alive ? "kill_bot" : "start_bot" }) }, icon(alive ? "bolt" : "power"), t(alive ? "kill" : "start_bot")) : null);
    },
  };
}

/** The time in the sandbox, and leaps ahead. */
function clockPart() {
  const time = h("b.time");
  const day = h("small");
  const ahead = h("small.ahead");
  const leaps = h("div.leaps", { role: "group" });
  const node = h("section.card.clock", {}, h("div.face-line", {}, time, day, ahead), leaps);
  let language = "";
  return {
    node,
    refresh() {
      const moment = now();
      time.textContent = clockTime(moment);
      day.textContent = weekday(moment);
      const hours = store.world.offset / 3600;
      ahead.hidden = !store.world.offset;
      ahead.textContent = hours >= 48 ? t("ahead_days", { count: Math.round(hours / 24) }) : t("ahead_hours", { count: Math.round(hours) });
      if (language === document.documentElement.lang) return;
      language = document.documentElement.lang;
      leaps.setAttribute("aria-label", t("move_clock"));
      fill(leaps, LEAPS.map(([key, seconds]) => h("button.button", { type: "button", data: { leap: seconds }, onclick: (event) => trouble(event.currentTarget, { do: "advance", seconds }) }, t(key))),
        h("button.button", { type: "button", "aria-label": t("leap_other"), title: t("leap_other"), onclick: other }, "…"));
    },
  };
}

async function other(event) {
  const button = event.currentTarget;
  const hours = await ask("leap_other", [["hours", "number", "24", { min: "1", max: "8000", step: "1" }]]);
  if (hours) await trouble(button, { do: "advance", seconds: Math.round(Number(hours.hours) * 3600) });
}

function logPart() {
  const lines = h("pre", { tabindex: "0", dir: "ltr" });
  const title = h("summary");
  const node = h("details.card.log", {}, title, lines);
  return {
    node,
    refresh() {
      title.textContent = t("log");
      const text = (store.world.machine.log ?? []).join("\n") || t("log_empty");
      if (lines.textContent === text) return;
      const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 20;
      lines.textContent = text;
      if (atEnd) lines.scrollTop = lines.scrollHeight;
    },
  };
}
