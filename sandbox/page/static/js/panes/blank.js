// An empty chat: what the bot is for; an empty group or channel says so.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

export function makeBlank(ctx, field) {
  const box = h("div.blank", { hidden: true });
  field.append(box);
  return {
    refresh() {
      const chat = ctx.chat();
      box.hidden = ctx.messages().length > 0;
      if (box.hidden) return;
      const about = chat?.kind === "private" ? chat.description || store.world.bot.about : "";
      fill(box, about
        ? h("div.card", { dir: "auto" }, h("b", {}, t("what_can")), about)
        : h("span.pill", {}, t(chat?.kind === "channel" ? "empty_channel" : "empty_chat")));
    },
  };
}
