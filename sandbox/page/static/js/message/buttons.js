// Inline buttons under a message.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { copy } from "./text.js";

const PATIENCE = 15_000; // Telegram shows the spinner that long at most

/** @param {import("../panes/pane.js").Context} ctx */
export function buttons(ctx, message) {
  if (!message.buttons?.length) return null;
  return h("div.inline", { role: "group", "aria-label": t("buttons") },
    message.buttons.map((row, y) => h("div", {}, row.map((button, x) => one(ctx, message, button, y, x)))));
}

function one(ctx, message, button, row, column) {
  const sign = button.url || button.app ? "link" : button.copy ? "copy" : null;
  const node = h("button.ib", { type: "button", class: button.style ?? "", dir: "auto" }, button.text,
    sign ? h("span.corner", {}, icon(sign)) : null);
  const key = `${message.id}:${row}:${column}`;
  if (ctx.waiting.has(key)) node.classList.add("waiting");
  node.addEventListener("click", () => {
    if (button.url || button.app) ctx.acts.link(button.url ?? button.app);
    else if (button.copy) copy(button.copy);
    else press(ctx, message, row, column, key, node);
  });
  return node;
}

async function press(ctx, message, row, column, key, node) {
  if (ctx.waiting.has(key)) return;
  ctx.waiting.add(key);
  node.classList.add("waiting");
  node.setAttribute("aria-busy", "true");
  setTimeout(() => ctx.answered(message.id), PATIENCE);
  const done = await ctx.act({ do: "press", message: message.id, row, column });
  if (!done) ctx.answered(message.id);
}
