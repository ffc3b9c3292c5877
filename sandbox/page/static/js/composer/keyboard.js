// The bot's own keyboard below the field.

import { arrows, fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { ask } from "../toasts.js";

/** @param {import("../panes/pane.js").Context} ctx @param {() => void} changed */
export function makeKeyboard(ctx, changed) {
  const node = h("div.keys", { role: "group", hidden: true });
  arrows(node, "button");
  const hidden = new Set(); // keyboards put away by hand or after one use: "chat:message"
  const current = () => {
    const chat = ctx.chat();
    return (chat?.kind === "group" ? chat.keyboards?.[ctx.actor()] : chat?.keyboard) ?? null;
  };
  const name = () => `${ctx.chat()?.id}:${current()?.message}`;
  let closed = false;
  const api = {
    node,
    has: () => Boolean(current()) && !closed,
    get open() { return api.has() && !hidden.has(name()); },
    placeholder: () => current()?.placeholder ?? "",
    toggle() {
      if (hidden.has(name())) hidden.delete(name()); else hidden.add(name());
      api.refresh(closed);
      changed();
    },
    refresh(isClosed) {
      closed = isClosed;
      node.hidden = !api.open;
      const keyboard = current();
      if (node.hidden || !keyboard) return;
      const drawn = `${name()}:${ctx.actor()}`;
      if (node.dataset.drawn === drawn) return;
      node.dataset.drawn = drawn;
      node.setAttribute("aria-label", t("keyboard"));
      fill(node, keyboard.rows.map((row, y) => h("div", {}, row.map((key, x) =>
        h("button.key", { type: "button", dir: "auto", class: key.style ?? "", onclick: () => press(key, y, x) }, key.text)))));
    },
  };
  async function press(key, row, column) {
    const keyboard = current();
    if (key.asks === "request_contact" && !(await share("share_contact"))) return;
    if (key.asks === "request_location" && !(await share("share_location"))) return;
    if (keyboard.one_time) { hidden.add(name()); api.refresh(closed); changed(); }
    await ctx.act({ do: "press", message: keyboard.message, row, column });
  }
  const share = async (what) =>
    (await ask({ title: t(what), body: [t(`${what}_body`)], buttons: [{ text: t("cancel"), value: "" }, { text: t("share"), value: "yes", main: true }] })) === "yes";
  return api;
}
