// The commands of the bot while one types “/”, and the list behind the menu button.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";

let lists = 0;

/** @param {import("../panes/pane.js").Context} ctx @param {HTMLTextAreaElement} input @param {(text: string) => void} send */
export function makeSuggest(ctx, input, send) {
  const id = `commands-${(lists += 1)}`;
  const node = h("ul.suggest", { role: "listbox", id, hidden: true });
  let at = 0;
  let forced = false; // opened by the button, not by typing
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", id]]) input.setAttribute(name, value);

  const commands = () => {
    const chat = ctx.chat();
    return (chat?.kind === "group" ? chat.commands_for?.[ctx.actor()] : chat?.commands) ?? [];
  };
  const typed = () => /^\/(\w*)$/.exec(input.value)?.[1].toLowerCase();
  const found = () => {
    const begin = typed();
    return forced ? commands() : begin === undefined ? [] : commands().filter((one) => one.command.startsWith(begin));
  };
  function show() {
    const list = found();
    node.hidden = !list.length;
    input.setAttribute("aria-expanded", String(!node.hidden));
    at = Math.min(at, Math.max(0, list.length - 1));
    if (node.hidden) { input.removeAttribute("aria-activedescendant"); return; }
    node.setAttribute("aria-label", t("commands"));
    fill(node, list.map((one, index) =>
      h("li.option", { role: "option", id: `${id}-${index}`, "aria-selected": String(index === at), onpointerdown: (event) => event.preventDefault(), onclick: () => choose(one) },
        h("b", {}, `/${one.command}`), h("span", { dir: "auto" }, one.description))));
    input.setAttribute("aria-activedescendant", `${id}-${at}`);
    node.children[at].scrollIntoView({ block: "nearest" });
  }
  function choose(one) { close(); send(`/${one.command}`); }
  function close() {
    forced = false;
    at = 0;
    node.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) close(); }, 150));

  return {
    node,
    commands,
    close,
    refresh() { forced = false; at = 0; show(); },
    toggle() { if (!node.hidden) { close(); return; } forced = true; at = 0; setTimeout(show, 0); },
    /** @returns {boolean} the key was meant for the list */
    key(event) {
      if (node.hidden) return false;
      const list = found();
      const one = list[at];
      if (event.key === "ArrowDown" || event.key === "ArrowUp") at = (at + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length;
      else if (event.key === "Tab" && one && !event.shiftKey) { input.value = `/${one.command} `; input.dispatchEvent(new Event("input")); event.preventDefault(); return true; }
      else if (event.key === "Enter" && !event.shiftKey && one) { event.preventDefault(); choose(one); return true; }
      else if (event.key === "Escape") { event.preventDefault(); close(); return true; }
      else return false;
      event.preventDefault();
      show();
      return true;
    },
  };
}
