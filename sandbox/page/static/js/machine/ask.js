// Asking the server for trouble, and people for figures.

import { api } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { complain, shown } from "../toasts.js";

/** The button waits until it is done; killing and starting take a while. @param {HTMLButtonElement} button */
export async function trouble(button, body) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    await api.trouble(body);
    return true;
  } catch (problem) {
    complain(problem, document.getElementById("machine"));
    return false;
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

/**
 * A small form. @param {string} title a word's key
 * @param {Array<[string, string, string, object?]>} fields key, type (or a list of choices), value, attributes
 * @param {{about?: string, ok?: string}} words keys: what follows from it, what the main button says
 * @returns {Promise<Record<string, string>|null>}
 */
export async function ask(title, fields, { about, ok = "ok" } = {}) {
  const inputs = fields.map(([key, type, value, extra = {}]) => [key, Array.isArray(type)
    ? h("select", { name: key }, type.map(([choice, words]) => h("option", { value: choice, selected: choice === value }, words)))
    : h("input", { name: key, type, value, required: true, autocomplete: "off", dir: "auto", ...extra })]);
  const form = h("form", { method: "dialog" }, h("h2", { id: "ask-title" }, t(title)), about ? h("p", {}, t(about)) : null,
    inputs.map(([key, input]) => h("label", {}, t(key), input)),
    h("div.row-end", {}, h("button.button", { value: "", formnovalidate: true }, t("cancel")), h("button.button.main", { value: "ok" }, t(ok))));
  // Enter in a field means the main button, not the first one.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); form.requestSubmit(form.querySelector(".main")); }
  });
  const answer = await shown(h("dialog.dialog", { "aria-labelledby": "ask-title" }, form));
  return answer === "ok" ? Object.fromEntries(inputs.map(([key, input]) => [key, input.value.trim()])) : null;
}
