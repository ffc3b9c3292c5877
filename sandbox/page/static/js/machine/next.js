// The next deadlines of the desk, and how long there is to each.

import { fill, h } from "../dom.js";
import { shortMoment, span } from "../format.js";
import { t } from "../i18n.js";
import { now, store } from "../store.js";

export function makeNext() {
  const title = h("h3");
  const list = h("ol");
  const node = h("section.card.next", {}, title, list);
  return {
    node,
    refresh() {
      title.textContent = t("deadlines");
      const next = store.world.machine.deadlines ?? [];
      fill(list, next.length ? next.slice(0, 5).map(line) : h("li.none", {}, t("deadlines_none")));
    },
  };
}

function line({ number, kind, at }) {
  const moment = typeof at === "string" ? Date.parse(at) / 1000 : at;
  const name = t(`deadline_${kind}`);
  const left = moment - now();
  return h("li", { class: left < 0 ? "late" : "", title: shortMoment(moment) },
    h("b", {}, `#${number}`), h("span", {}, name.startsWith("deadline_") ? kind : name), h("time", { datetime: new Date(moment * 1000).toISOString() }, left < 0 ? t("late_by", { span: span(left) }) : span(left)));
}
