// How much is stored and what waits: a figure that changes lights up for a moment.

import { h } from "../dom.js";
import { whole } from "../format.js";
import { t } from "../i18n.js";
import { store } from "../store.js";

const FIGURES = [
  ["updates", "stored"], ["updates", "waiting", "soft"], ["outbox", "waiting", "soft"], ["outbox", "sending", "soft"],
  ["outbox", "uncertain", "warn"], ["outbox", "failed", "bad"], ["updates", "quarantined", "bad"],
];

export function makeFigures() {
  const cells = FIGURES.map(([group, name, tone]) => {
    const figure = h("dd");
    const word = h("dt");
    // What is wrong says why, in sight of those who have no mouse, too.
    const why = h("dd.why", { hidden: !tone || tone === "soft" });
    return { group, name, tone, figure, word, why, node: h("div", { data: { figure: `${group}-${name}` } }, word, figure, why) };
  });
  const node = h("dl.card.figures", {}, cells.map((cell) => cell.node));
  return {
    node,
    refresh() {
      for (const { group, name, tone, figure, word, why, node: cell } of cells) {
        const value = store.world.machine[group]?.[name];
        word.textContent = t(`${group}_${name}`);
        cell.title = why.textContent = t(`${group}_${name}_about`);
        const text = value === undefined || value === null ? "–" : whole(value);
        // What is wrong only when there is any stays away until then.
        cell.hidden = (tone === "bad" || tone === "warn") && !value;
        cell.className = value ? tone ?? "" : "";
        if (figure.textContent === text) continue;
        const first = figure.textContent === "";
        figure.textContent = text;
        if (!first) { figure.classList.remove("changed"); void figure.offsetWidth; figure.classList.add("changed"); }
      }
    },
  };
}
