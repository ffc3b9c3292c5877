// The round picture with initials.

import { h } from "./dom.js";
import { colour, initials } from "./format.js";
import { icon } from "./icons.js";

/** @param {number} id @param {string} name @param {string} [sign] an icon instead of initials */
export function face(id, name, sign) {
  return h("span.face", { "aria-hidden": "true", style: { "--face": `var(--face-${colour(id)})` } }, sign ? icon(sign) : initials(name));
}
