// Short words at the lower edge of a pane that go away by themselves, and dialogs that wait.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const STAY = 3200; // milliseconds, and more for more words

/** @param {string} text @param {HTMLElement} [over] the pane it belongs to */
export function toast(text, over = null, { bad = false } = {}) {
  const box = document.getElementById("toasts");
  const node = h("p.toast", { dir: "auto", class: bad ? "bad" : "" }, text);
  if (over) {
    const { left, width } = over.getBoundingClientRect();
    node.style.setProperty("--middle", `${left + width / 2}px`);
    node.style.setProperty("--most", `${Math.min(width - 24, 380)}px`);
  }
  box.append(node);
  while (box.children.length > 3) box.firstChild.remove();
  setTimeout(() => node.classList.add("going"), STAY + text.length * 30);
  setTimeout(() => node.remove(), STAY + text.length * 30 + 300);
}

/** What went wrong, where it was done. @param {Error} problem */
export const complain = (problem, over = null) => toast(problem.message, over, { bad: true });

/**
 * A dialog with buttons; resolves to the value of the pressed one, or null.
 * @param {{title?: string, body: Array<Node|string>, buttons?: Array<{text: string, value: string, main?: boolean, bad?: boolean}>, className?: string}} what
 */
export function ask({ title, body, buttons = [{ text: t("ok"), value: "ok", main: true }], className = "" }) {
  const form = h("form", { method: "dialog" },
    title ? h("h2", { id: "dialog-title", dir: "auto" }, title) : null,
    h("div.body", {}, body),
    h("div.row-end", {}, buttons.map((one) =>
      h("button.button", { value: one.value, class: `${one.main ? "main" : ""} ${one.bad ? "bad" : ""}`, autofocus: one.main }, one.text))));
  const dialog = h("dialog.dialog", { class: className, "aria-labelledby": title ? "dialog-title" : null }, form);
  return shown(dialog);
}

/** Show a dialog until it closes; a press beside it closes it too. @returns {Promise<string|null>} */
export function shown(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("pointerdown", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus?.({ preventScroll: true });
      resolve(dialog.returnValue || null);
    }, { once: true });
  });
}
