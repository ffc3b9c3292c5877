// Where to forward: the chats that the person is in.

import { face } from "../avatar.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { chatTitle, chatSign } from "../titles.js";
import { shown } from "../toasts.js";

export async function forward(ctx, message) {
  const actor = ctx.actor();
  const chats = [...store.world.chats.values()].filter((chat) =>
    !chat.migrated_to && (chat.person === actor || (chat.kind === "group" && chat.members.includes(actor)) || (chat.kind === "channel" && chat.admins?.includes(actor))));
  const dialog = h("dialog.dialog", { "aria-labelledby": "forward-title" }, h("form", { method: "dialog" },
    h("h2", { id: "forward-title" }, t("forward_to")),
    h("div.choices", {}, chats.map((chat) =>
      h("button.choice", { value: String(chat.id) }, face(chat.kind === "private" ? store.world.bot.id : chat.id, chatTitle(chat), chatSign(chat)), h("span", { dir: "auto" }, chatTitle(chat))))),
    h("div.row-end", {}, h("button.button", { value: "" }, t("cancel")))));
  const to = await shown(dialog);
  if (to) await ctx.act({ do: "forward", message: message.id, to: Number(to) });
}
