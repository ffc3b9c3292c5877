// The rows of one chat on the screen: only what has changed is drawn, the end stays in sight.

import { h, perFrame } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { draw } from "../message/bubble.js";
import { watchMenus } from "../message/menu.js";
import { rows, sameRow } from "../message/rows.js";
import { setUnread, store } from "../store.js";
import { toast } from "../toasts.js";

const NEAR = 80; // pixels from the end that still count as the end
const STROKE = 500; // milliseconds after a wheel, a finger or a key in which scrolling is the reader's

/** @param {import("./pane.js").Context} ctx @param {HTMLElement} field */
export function makeList(ctx, field) {
  const box = h("div.rows");
  const list = h("div.list", { tabindex: "0", role: "log", "aria-live": "off" }, box);
  const count = h("span.count", { hidden: true });
  const down = h("button.down.away", { type: "button", onclick: () => bottom(true) }, icon("down"), count);
  field.append(list, down);
  let drawn = new Map(); // key → {row, node}
  let shown = null; // "chat:actor" on the screen
  let stuck = true;
  let unreadFrom = null;

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  function bottom(smooth = false) {
    stuck = !smooth;
    list.scrollTo({ top: list.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    read();
  }
  function read() {
    const chat = ctx.chat();
    if (chat && stuck && ctx.visible()) setUnread(chat.id, 0);
    down.classList.toggle("away", stuck);
    down.tabIndex = stuck ? -1 : 0;
  }

  // Rows get their real height when they come into sight; only the reader may leave the end, not the layout.
  let touched = 0;
  for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) list.addEventListener(name, () => { touched = Date.now(); }, { passive: true });
  list.addEventListener("scroll", () => {
    if (stuck && !atEnd() && Date.now() - touched > STROKE) { list.scrollTop = list.scrollHeight; return; }
    stuck = atEnd();
    read();
  }, { passive: true });
  const days = perFrame(() => coverDays(list, box));
  list.addEventListener("scroll", days, { passive: true });
  const follow = new ResizeObserver(() => { if (stuck) list.scrollTop = list.scrollHeight; });
  follow.observe(box);
  follow.observe(list);
  list.addEventListener("keydown", (event) => walk(event, list, box));
  watchMenus(ctx, list);

  function refresh() {
    const chat = ctx.chat();
    const key = `${chat?.id}:${ctx.actor()}:${ctx.topic()}`;
    const other = key !== shown;
    if (other) {
      unreadFrom = firstUnread(chat, ctx.actor());
      drawn = new Map();
      box.replaceChildren();
      shown = key;
      stuck = true;
    }
    const wanted = chat ? rows(ctx.messages(), { actor: ctx.actor(), channel: chat.kind === "channel", unreadFrom }) : [];
    const own = reconcile(ctx, box, drawn, wanted, other);
    drawn = own.drawn;
    list.setAttribute("aria-label", t("messages_of", { name: ctx.title() }));
    if (other || own.wrote) bottom();
    else if (stuck) list.scrollTop = list.scrollHeight;
    read();
    badge();
    days();
  }

  function badge() {
    const unread = store.unread.get(ctx.chat()?.id) ?? 0;
    count.hidden = !unread;
    count.textContent = unread > 99 ? "99+" : unread;
    down.setAttribute("aria-label", unread ? t("to_end_unread", { count: unread }) : t("to_end"));
  }

  return {
    refresh: perFrame(refresh),
    now: refresh,
    /** Draw everything anew: the language, the day or the ticks have changed. */
    redraw() { shown = null; refresh(); },
    badge,
    bottom,
    atEnd: () => stuck,
    node: list,
    rowOf: (id) => find(box, id),
    jump(id) {
      const node = find(box, id);
      if (!node) { toast(t("not_found"), field); return false; }
      stuck = false;
      node.scrollIntoView({ block: "center", behavior: "auto" });
      flash(node);
      return true;
    },
  };
}

/** Bring the rows on the screen into the wanted order with as few changes as can be. */
function reconcile(ctx, box, before, wanted, whole) {
  const drawn = new Map();
  let at = box.firstChild;
  let wrote = false;
  for (const row of wanted) {
    const known = before.get(row.key);
    const node = known && sameRow(known.row, row) ? known.node : renewed(ctx, row, known, whole);
    if (!known && row.own) wrote = true;
    if (known && known.node !== node) { if (at === known.node) at = at.nextSibling; known.node.replaceWith(node); }
    else if (node !== at) box.insertBefore(node, at);
    else at = at.nextSibling;
    drawn.set(row.key, { row, node });
    before.delete(row.key);
  }
  for (const { node } of before.values()) node.remove();
  return { drawn, wrote: wrote && !whole };
}

function renewed(ctx, row, known, whole) {
  const node = draw(ctx, row);
  if (!known && !whole && row.kind === "bubble") node.classList.add("fresh");
  const focused = known?.node.contains(document.activeElement) ? document.activeElement : null;
  if (focused) keepFocus(known.node, node, focused);
  return node;
}

/** A message that is edited under the fingers keeps the focus: on the same button, or on itself. */
function keepFocus(before, after, focused) {
  const place = (root) => [...root.querySelectorAll("button, a, [tabindex]")];
  const at = place(before).indexOf(focused);
  queueMicrotask(() => (place(after)[at] ?? after).focus({ preventScroll: true }));
}

/** Days stick to the upper edge; the one that the next has reached steps back. */
function coverDays(list, box) {
  const edge = list.getBoundingClientRect().top;
  const all = [...box.querySelectorAll(".day")];
  const tops = all.map((day) => day.getBoundingClientRect().top - edge);
  all.forEach((day, at) => day.classList.toggle("past", tops[at + 1] < day.offsetHeight));
}

const find = (box, id) => box.querySelector(`[data-message="${id}"]`) ?? box.querySelector(`[data-part="${id}"]`)?.closest(".row");

function flash(node) {
  node.classList.remove("flash");
  void node.offsetWidth; // begin the animation anew
  node.classList.add("flash");
  node.addEventListener("animationend", (event) => { if (event.animationName === "flash") node.classList.remove("flash"); });
}

function firstUnread(chat, actor) {
  const count = store.unread.get(chat?.id) ?? 0;
  if (!count) return null;
  return chat.messages.filter((one) => one.from.id !== actor).at(-count)?.id ?? null;
}

/** Arrows go from message to message, Home and End to the first and the last. */
function walk(event, list, box) {
  const here = event.target.closest(".row");
  if (event.target !== list && event.target !== here) return;
  const all = [...box.querySelectorAll(".row")];
  const at = all.indexOf(here);
  const next = { ArrowUp: at < 0 ? all.at(-1) : all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[event.key];
  if (event.key === "Escape" && here) { list.focus(); return; }
  if (!next) return;
  event.preventDefault();
  next.focus();
}
