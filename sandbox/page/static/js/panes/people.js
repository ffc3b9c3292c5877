// Who one is in this pane: a row of people to choose from, as Telegram's accounts.

import { face } from "../avatar.js";
import { arrows, fill, h, isolated } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { people, privateChat, store } from "../store.js";

/** @param {import("./pane.js").Context} ctx @param {{groups: string[][], add?: () => void}} what groups of roles, a line between them */
export function makePeople(ctx, { groups, add }) {
  const row = h("div.people", { role: "radiogroup" });
  arrows(row, "[role=radio]");
  function refresh() {
    row.setAttribute("aria-label", t(`as_${ctx.key}`));
    const focused = row.contains(document.activeElement) && document.activeElement.dataset.person;
    fill(row, h("span.lead", { "aria-hidden": "true" }, t("you_are")), groups.map((roles, at) => {
      const list = people(...roles);
      return [at && list.length ? h("span.apart") : null, list.map((one) => chip(ctx, one))];
    }), add ? h("button.icon-button", { type: "button", "aria-label": t("add_person"), title: t("add_person"), onclick: add }, icon("plus")) : null);
    keepInSight(row, row.querySelector("[aria-checked=true]"));
    if (focused) row.querySelector(`[data-person="${focused}"]`)?.focus({ preventScroll: true });
  }
  return { row, refresh };
}

/** Only when somebody else is chosen: a row that was pushed aside by hand stays there. */
function keepInSight(row, chosen) {
  if (!chosen || row.dataset.chosen === chosen.dataset.person) return;
  row.dataset.chosen = chosen.dataset.person;
  row.scrollLeft = Math.max(0, chosen.offsetLeft + chosen.offsetWidth / 2 - row.clientWidth / 2);
}

function chip(ctx, person) {
  const mine = person.id === ctx.actor();
  const unread = ctx.key === "customer" && !mine ? store.unread.get(privateChat(person.id)?.id) ?? 0 : 0;
  return h("button.person", {
    type: "button",
    role: "radio",
    "aria-checked": String(mine),
    tabindex: mine ? "0" : "-1",
    data: { person: person.id },
    title: [person.name, t(`role_${person.role}`)].join(" · "),
    onclick: () => ctx.become(person.id),
  }, face(person.id, person.name), isolated(shortName(person), "span.name"),
  person.role === "admin" ? h("span.role", { title: t("role_admin") }, "★", h("span.unseen", {}, ` ${t("role_admin")}`)) : null,
  person.language && !person.language.startsWith("ru") ? h("span.role", {}, person.language.toUpperCase()) : null,
  unread ? h("span.count", { "aria-label": t("unread_count", { count: unread }) }, unread) : null);
}

/** The first name is enough where no two are alike; else the next one's initial tells them apart. */
function shortName(person) {
  const [first, next] = person.name.split(/\s+/);
  const same = people("customer", "operator", "admin").filter((one) => one.name.split(/\s+/)[0] === first);
  return same.length > 1 && next ? `${first} ${[...next][0]}.` : first;
}
