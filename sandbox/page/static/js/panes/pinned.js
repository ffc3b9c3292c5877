// The pinned message over the chat; a press goes to it, the next press to the one before.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { summary } from "../message/kinds.js";

export function makePinned(ctx) {
  const bar = h("button.pinned", { type: "button", hidden: true });
  let turn = 0;
  bar.addEventListener("click", () => {
    const pins = here();
    ctx.jump(pins[pins.length - 1 - (turn % pins.length)].id);
    turn += 1;
  });
  /** What is pinned in the topic that is read, or in a chat without topics. */
  function here() {
    const pins = new Set(ctx.chat()?.pins ?? []);
    return ctx.messages().filter((one) => pins.has(one.id));
  }
  function refresh() {
    const message = here().at(-1);
    bar.hidden = !message;
    if (message) fill(bar, h("span", {}, h("b", {}, t("pinned")), h("span", { dir: "auto" }, summary(message))));
  }
  return { bar, refresh };
}
