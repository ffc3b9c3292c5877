// Reactions as pills under the words.

import { face } from "../avatar.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

/** Those that stand in the menu, the ones the desk uses first. */
export const QUICK = ["👍", "❤", "🔥", "👌", "🙏", "😁", "🤔"];

export function reactions(ctx, message) {
  if (!message.reactions?.length) return null;
  const me = ctx.actorName();
  return h("div.reactions", {}, message.reactions.map(({ emoji, by }) => {
    const mine = by.includes(me);
    return h("button.reaction", {
      type: "button",
      "aria-pressed": String(mine),
      "aria-label": `${emoji} ${by.join(", ")}`,
      title: by.join(", "),
      onclick: () => ctx.act({ do: "react", message: message.id, emoji: mine ? null : emoji }),
    }, h("span.glyph", {}, emoji), by.length < 3 ? by.map((name) => face(idOf(name), name)) : String(by.length));
  }));
}

const idOf = (name) => [...store.world.people.values()].find((one) => one.name === name)?.id ?? store.world.bot.id;
export const reactionLabel = (emoji) => `${t("react")} ${emoji}`;
