// The bar above: what this is, the tour, the language, the colours, the controls.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { language, switchLanguage, t } from "./i18n.js";
import { openMailbox } from "./mailbox.js";
import { on, store } from "./store.js";
import { dark, toggleTheme } from "./theme.js";

export function makeTop(bar, { tabs, tour, renew }) {
  function refresh() {
    const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const { bot } = store.world.machine;
    const other = language() === "ru" ? "en" : "ru";
    fill(bar,
      h("h1", {}, h("img", { src: "img/icon.svg", alt: "", width: "22", height: "22" }), h("span.name", {}, "Frontdoor")),
      h("p.about", {}, t("about_page")),
      h("span.spread"),
      button("mail", { onclick: openMailbox, class: "word" }, t("mail")),
      button("tour", { onclick: () => tour.start(), class: "word" }, t("tour")),
      button("language", { onclick: () => { switchLanguage(); renew(); }, class: "word", lang: other, "aria-label": t("switch_language") }, other.toUpperCase()),
      button("theme", { onclick: () => { toggleTheme(); refresh(); }, class: "icon-button", "aria-label": t(dark() ? "light" : "dark"), title: t(dark() ? "light" : "dark") }, icon(dark() ? "sun" : "moon")),
      button("machine", { onclick: () => tabs.machine(!tabs.isOpen()), class: "word machine-toggle", "aria-expanded": String(tabs.isOpen()), "aria-controls": "machine" },
        h("span.bot-state", {}, h("span.lamp", { class: bot ?? "unknown", "aria-hidden": "true" }), t("machine"))));
    if (focused) bar.querySelector(`[data-name="${focused}"]`)?.focus();
  }
  const button = (name, props, ...inside) => h("button", { type: "button", data: { name }, ...props }, inside);
  let seen = "";
  on("machine", () => { if (store.world.machine.bot !== seen) { seen = store.world.machine.bot; refresh(); } });
  on("online", (is) => {
    document.querySelector(".offline")?.remove();
    if (!is) document.body.append(h("p.offline", { role: "status" }, t("offline")));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
  return { refresh };
}
