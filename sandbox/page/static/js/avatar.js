// The round picture with initials.

import { h } from "./dom.js";
import { colour, initials } from "./format.js";
import { icon } from "./icons.js";
import { store } from "./store.js";

/** The bot has a picture of its own. @param {number} id @param {string} name @param {string} [sign] an icon instead of initials */
export function face(id, name, sign) {
  if (id === store.world?.bot.id) return h("img.face", { src: "img/icon.svg", alt: "", draggable: "false" });
  return h("span.face", { "aria-hidden": "true", style: { "--face": `var(--face-${colour(id)})` } }, sign ? icon(sign) : initials(name));
}
