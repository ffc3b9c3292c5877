// A ring around the place, and the words beside it where they cover nothing of it.

import { h } from "../dom.js";

const GAP = 14; // pixels between the place and the words

export function makeRing() {
  const ring = h("div.ring", { hidden: true, "aria-hidden": "true" });
  document.body.append(ring);
  return {
    show(place) {
      ring.hidden = !place;
      if (!place) return;
      const { left, top, width, height } = place.getBoundingClientRect();
      const from = Math.max(2, top - 4);
      const to = Math.min(innerHeight - 2, top + height + 4);
      move(ring, { left: left - 4, top: from, width: width + 8, height: Math.max(0, to - from) });
    },
    hide() { ring.hidden = true; },
  };
}

/** Right, left, above, below: the first side with room; at the top edge of a narrow screen. @param {Element|null} place */
export function beside(box, place) {
  if (innerWidth < 700 || !place) {
    box.classList.toggle("docked", true);
    const low = place && place.getBoundingClientRect().top > innerHeight * 0.45;
    box.classList.toggle("low", Boolean(place) && !low);
    for (const name of ["left", "top"]) box.style.removeProperty(name);
    return;
  }
  box.classList.remove("docked", "low");
  const rect = place.getBoundingClientRect();
  // Beside the whole pane: the neighbours of the place are needed too.
  const pane = (place.closest(".pane, .machine") ?? place).getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const middle = clamp(rect.top + rect.height / 2 - height / 2, 8, innerHeight - height - 8);
  const centre = clamp(rect.left + rect.width / 2 - width / 2, 8, innerWidth - width - 8);
  const sides = [
    [pane.right + GAP, middle, pane.right + GAP + width < innerWidth],
    [pane.left - GAP - width, middle, pane.left - GAP - width > 0],
    [centre, rect.top - GAP - height, rect.top - GAP - height > 0],
    [centre, rect.bottom + GAP, rect.bottom + GAP + height < innerHeight],
  ];
  const [left, top] = sides.find(([, , fits]) => fits) ?? [innerWidth - width - 16, 64];
  move(box, { left, top });
}

function move(node, sizes) {
  for (const [name, value] of Object.entries(sizes)) {
    const text = `${Math.round(value)}px`;
    if (node.style.getPropertyValue(name) !== text) node.style.setProperty(name, text);
  }
}

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
