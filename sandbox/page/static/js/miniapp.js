// The bot's Mini App, as Telegram opens it: signed in as whoever acts in the pane.

import { api } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { dark } from "./theme.js";
import { complain, shown } from "./toasts.js";

/** @param {import("./panes/pane.js").Context} ctx */
export async function openMiniApp(ctx) {
  try {
    const { url } = await opened(ctx);
    const title = `${t("mini_app")} · ${ctx.actorName()}`;
    const dialog = h("dialog.dialog.miniapp", { "aria-label": title },
      h("div.bar", {},
        h("h2", { dir: "auto" }, title),
        h("button.button", { type: "button", onclick: () => inTab(ctx) }, t("new_tab")),
        h("button.button.main", { type: "button", onclick: () => dialog.close() }, t("close"))),
      h("iframe", { src: url, title, referrerpolicy: "no-referrer" }));
    await shown(dialog);
  } catch (problem) {
    complain(problem, ctx.section);
  }
}

/** Telegram's signature counts once: another window has one of its own. */
async function inTab(ctx) {
  try {
    const { url } = await opened(ctx);
    window.open(url, "_blank", "noopener,noreferrer");
  } catch (problem) {
    complain(problem, ctx.section);
  }
}

const opened = (ctx) => api.miniApp(ctx.actor(), dark() ? "dark" : "light");
