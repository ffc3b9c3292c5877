// When the tour is over: what else there is to try. Each choice leads to its place, the words ready to be sent.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, people } from "../store.js";

const LIVING = /^\p{Emoji}?[\u{1F534}\u{1F7E2}\u{1F7E1}\u2B55]/u;

/** What is tried in the group: as a reply to a card, to a fragment of it, or to nothing. */
const COMMANDS = [
  ["why", "card"], ["escalate", "card"], ["tasks", null], ["next", "card"], ["split", "quote"], ["call", null],
];

/** @param {{panes: Record<string, any>, tabs: any, point: (place: () => Element|null|undefined) => void}} tour */
export function makeOnward({ panes, tabs, point }) {
  const node = h("div.onward", { role: "group" });
  const why = h("p.why", { hidden: true, role: "status" });
  const { group, customer } = panes;

  /** The newest card of a ticket that has not ended. */
  const card = () => group.ctx.chat()?.messages.findLast((one) => one.from.bot && one.buttons?.length && !one.reply_to && LIVING.test(one.text ?? ""));

  function fault() {
    const [first] = people("customer");
    if (first) customer.ctx.become(first.id);
    tabs.show("customer");
    const { node: composer } = customer.composer;
    point(() => composer.querySelector(".start:not([hidden])") ?? [...composer.querySelectorAll(".keys:not([hidden]) .key")].find((key) => key.textContent.startsWith("📷")) ?? composer);
  }
  function command(key, replies) {
    tabs.show("group");
    const found = replies && card();
    if (found) group.ctx.reply(found.id, replies === "quote" ? fragment(found.text) : undefined);
    group.composer.write(t(`onward_${key}`));
    point(() => group.composer.node);
  }
  function refresh() {
    if (!node.isConnected) return;
    const living = Boolean(card());
    for (const button of node.querySelectorAll("[data-replies]")) button.disabled = !living;
    why.hidden = living;
  }
  on("chatchange", (id) => { if (id === group.ctx.chat()?.id) refresh(); });
  return {
    node,
    draw() {
      node.setAttribute("aria-label", t("onward"));
      fill(node, h("button.button", { type: "button", data: { onward: "fault" }, onclick: fault }, t("onward_fault")),
        COMMANDS.map(([key, replies]) => h("button.button", { type: "button", data: { onward: key, ...(replies ? { replies } : {}) }, title: t(`onward_${key}_about`, { name: firstName(1) }), onclick: () => command(key, replies) }, `/${key}`)), why);
      why.textContent = t("onward_none");
      queueMicrotask(refresh);
    },
  };
}

/** What a customer is called: the first has cameras, the second a phone that is known. @param {number} at */
export const firstName = (at) => people("customer")[at]?.name.split(" ")[0] ?? "";

/** The last sentence of a card: the end of what the customer wrote. @param {string} text */
const fragment = (text) => text.split("\n").at(-1).split(/(?<=[.!?])\s+/u).at(-1);
