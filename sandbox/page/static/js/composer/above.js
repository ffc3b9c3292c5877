// The line above the field: what is answered or edited, and the cross that drops it.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { summary } from "../message/kinds.js";

/** @param {import("../panes/pane.js").Context} ctx @param {() => void} dropped an edit was given up */
export function makeAbove(ctx, dropped) {
  let state = {};
  let asked = 0; // the last message that wanted an answer, so that a dropped one stays dropped
  const node = h("div.target-line", { hidden: true });
  const find = (id) => ctx.chat()?.messages.find((one) => one.id === id);

  function clear() {
    state = {};
    show();
  }
  function show() {
    const message = find(state.edit ?? state.reply);
    if (!message) state = {};
    node.hidden = !message;
    if (!message) return;
    fill(node, icon(state.edit ? "pencil" : "reply"),
      h("button.target", { type: "button", onclick: () => ctx.jump(message.id) },
        h("b", { dir: "auto" }, state.edit ? t("editing") : t("reply_to", { name: message.from.name })),
        h("span", { dir: "auto" }, state.quote ? `«${state.quote}»` : summary(message))),
      h("button.icon-button", { type: "button", "aria-label": t("cancel"), onclick: () => { const edit = state.edit; clear(); if (edit) dropped(); } }, icon("close")));
  }
  return {
    node,
    clear,
    state: () => ({ ...state }),
    restore({ edit, reply, quote }) { state = { edit, reply, quote }; show(); },
    active: () => Boolean(state.edit || state.reply),
    editing: () => Boolean(state.edit),
    /** To what an attachment answers; it is dropped then. */
    target() { const { reply } = state; return reply; },
    placeholder: () => find(state.reply)?.keyboard_request?.placeholder ?? "",
    refresh() {
      const last = ctx.chat()?.messages.findLast((one) => one.from.bot && !one.service);
      const mine = !ctx.chat()?.person || ctx.chat().person === ctx.actor();
      if (last?.keyboard_request && last.id > asked && mine && !state.edit) {
        asked = last.id;
        state = { reply: last.id };
      }
      show();
    },
  };
}
