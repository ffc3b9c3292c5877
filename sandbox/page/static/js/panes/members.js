// Who is in a group or a channel.

import { face } from "../avatar.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";
import { shown } from "../toasts.js";

export function showPeople(chat) {
  const { people, bot } = store.world;
  const line = (id) => {
    const who = id === bot.id ? { ...bot, role: "bot" } : people.get(id);
    if (!who) return null;
    const admin = chat.admins?.includes(id);
    return h("div.choice", {}, face(id, who.name), h("span", {}, h("span", { dir: "auto" }, who.name), h("br"), h("small", {}, t(who.role === "bot" ? "bot" : admin ? "role_admin" : "member"))));
  };
  const dialog = h("dialog.dialog", { "aria-labelledby": "members-title" }, h("form", { method: "dialog" },
    h("h2", { id: "members-title", dir: "auto" }, chat.title),
    h("div.choices", {}, chat.members.map(line)),
    h("div.row-end", {}, h("button.button.main", { value: "" }, t("close")))));
  shown(dialog);
}
