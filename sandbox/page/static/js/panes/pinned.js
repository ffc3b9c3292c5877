// The pinned message over the chat; a press goes to it, the next press to the one before.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { summary } from "../message/kinds.js";

export function makePinned(ctx) {
  const bar = h("button.pinned", { type: "button", hidden: true });
  let turn = 0;
  bar.addEventListener("click", () => {
    const pins = ctx.chat().pins ?? [];
    ctx.jump(pins[pins.length - 1 - (turn % pins.length)] ?? ctx.chat().pinned);
    turn += 1;
  });
  function refresh() {
    const chat = ctx.chat();
    const message = chat?.pinned && chat.messages.find((one) => one.id === chat.pinned);
    bar.hidden = !message;
    if (message) fill(bar, h("span", {}, h("b", {}, t("pinned")), h("span", { dir: "auto" }, summary(message))));
  }
  return { bar, refresh };
}
