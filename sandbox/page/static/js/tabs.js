// On a narrow screen one pane at a time: tabs below, a swipe between them, the controls as a sheet.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { on, store } from "./store.js";

const TABS = [["customer", "person"], ["group", "headset"], ["channel", "megaphone"], ["machine", "gauge"]];
const ORDER = ["customer", "group", "channel"];

export function makeTabs(nav, aside, panes) {
  let current = "customer";
  let opened = false;
  nav.setAttribute("role", "tablist");
  const buttons = new Map(TABS.map(([name, sign]) => {
    const count = h("span.count", { hidden: true });
    const word = h("span.word");
    const button = h("button.tab", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": name === "machine" ? "machine" : `pane-${name}`, onclick: () => (name === "machine" ? machine(!opened) : show(name)) }, icon(sign), word, count);
    return [name, { button, count, word }];
  }));
  fill(nav, [...buttons.values()].map((one) => one.button));
  nav.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const list = [...nav.children];
    list[(list.indexOf(document.activeElement) + step + list.length) % list.length].focus();
  });

  function show(name) {
    current = name;
    machine(false);
    for (const key of ORDER) panes[key].ctx.section.classList.toggle("shown", key === name);
    panes[name].list.refresh();
    refresh();
  }
  function machine(open) {
    opened = open;
    aside.classList.toggle("open", open);
    document.querySelector(".machine-toggle")?.setAttribute("aria-expanded", String(open));
    if (open && matchMedia("(max-width: 77.5rem)").matches) aside.focus({ preventScroll: true });
    refresh();
  }
  function refresh() {
    nav.setAttribute("aria-label", t("tabs"));
    for (const [name, { button, count, word }] of buttons) {
      const chosen = name === "machine" ? opened : !opened && name === current;
      const unread = name === "machine" ? 0 : unreadOf(panes[name], name);
      word.textContent = t(`tab_${name}`);
      button.setAttribute("aria-selected", String(chosen));
      count.hidden = !unread;
      count.textContent = unread > 99 ? "99+" : unread;
      count.setAttribute("aria-label", t("unread_count", { count: unread }));
    }
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && opened && !document.querySelector("dialog[open], .menu")) machine(false); });
  document.addEventListener("pointerdown", (event) => {
    const beside = opened && !aside.contains(event.target) && !event.target.closest("#tabs, .machine-toggle, dialog, .tour, .toasts");
    if (beside && !matchMedia("(min-width: 77.51rem)").matches) machine(false);
  });
  swipe(document.getElementById("desk"), (step) => { const next = ORDER[ORDER.indexOf(current) + step]; if (next) show(next); });
  on("unread", refresh);
  show("customer");
  return { show, machine, refresh, current: () => current, isOpen: () => opened, button: (name) => buttons.get(name).button };
}

/** The customer's tab counts all private chats with customers, the others their one chat. */
function unreadOf(pane, name) {
  if (name !== "customer") return store.unread.get(pane.ctx.chat()?.id) ?? 0;
  let sum = 0;
  for (const chat of store.world.chats.values()) if (chat.kind === "private") sum += store.unread.get(chat.id) ?? 0;
  return sum;
}

/** A long flat stroke of a finger. */
function swipe(area, turn) {
  let from = null;
  area.addEventListener("touchstart", (event) => {
    const touch = event.touches[0];
    from = event.touches.length === 1 && !event.target.closest(".people, input, textarea, .wave, pre") ? { x: touch.clientX, y: touch.clientY } : null;
  }, { passive: true });
  area.addEventListener("touchend", (event) => {
    if (!from || !matchMedia("(max-width: 58rem)").matches) return;
    const { clientX, clientY } = event.changedTouches[0];
    const [x, y] = [clientX - from.x, clientY - from.y];
    if (Math.abs(x) > 80 && Math.abs(x) > 3 * Math.abs(y) && getSelection().isCollapsed) turn(x < 0 ? 1 : -1);
    from = null;
  }, { passive: true });
}
