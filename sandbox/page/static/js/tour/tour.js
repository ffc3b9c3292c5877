// A guided tour: it points, says what to do, sees that it was done, and goes on. It never stands in the way.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { keep, kept } from "../theme.js";
import { on, store } from "../store.js";
import { firstName, makeOnward } from "./onward.js";
import { beside, makeRing } from "./pointer.js";
import { card, markNow, newcomer, STEPS } from "./steps.js";

const KEY = "frontdoor.tour";
const LOOK = 200; // milliseconds between two looks at where things are
const REST = 900; // … before the next step, so that one sees what one has done

/** @param {{panes: Record<string, any>, tabs: any}} desk */
export function startTour({ panes, tabs }) {
  const box = h("aside.tour", { hidden: true, role: "region" });
  const ring = makeRing();
  document.body.append(box);
  let at = -1; // the step; -1: none, STEPS.length: the end
  let trip = null;
  let timer = 0;
  let resting = false;
  let pointed = () => null; // after the end: where what was chosen is
  const onward = makeOnward({ panes, tabs, point(place) { pointed = place; look(); } });

  function start() {
    const who = newcomer();
    if (who) panes.customer.ctx.become(who);
    trip = { panes, begun: markNow(panes).group, mark: markNow(panes), went: false };
    clearInterval(timer);
    timer = setInterval(look, LOOK);
    go(0);
  }
  function go(step) {
    at = step;
    resting = false;
    trip.mark = markNow(panes);
    trip.went = false;
    if (at >= STEPS.length) { finish(); return; }
    if (STEPS[at].done(trip) && at === 0) { go(1); return; }
    if (STEPS[at].pane !== "machine") tabs.show(STEPS[at].pane);
    draw();
    look();
    const first = STEPS[at].target(trip);
    first?.scrollIntoView?.({ block: "nearest" });
  }
  function stop() {
    clearInterval(timer);
    ring.hide();
    box.hidden = true;
    at = -1;
    trip = null;
    keep(KEY, "seen");
  }
  function finish() {
    pointed = () => null;
    ring.hide();
    keep(KEY, "seen");
    draw();
    beside(box, null);
  }

  /** Was it done? And where is the place now? */
  function look() {
    if (at >= STEPS.length) {
      const chosen = seen(pointed());
      ring.show(chosen);
      if (chosen) beside(box, chosen);
      return;
    }
    if (at < 0) return;
    const step = STEPS[at];
    if (!resting && step.done(trip)) {
      resting = true;
      box.classList.add("done");
      const from = at;
      setTimeout(() => { if (at === from) go(at + 1); }, REST);
    }
    const covered = narrow() && tabs.isOpen() && step.pane !== "machine";
    const place = (covered ? null : seen(step.target(trip))) ?? fallback(step);
    ring.show(place);
    beside(box, place);
  }
  const narrow = () => matchMedia("(max-width: 58rem)").matches;
  const seen = (node) => (node && node.getClientRects().length && getComputedStyle(node).visibility === "visible" ? node : null);
  /** Where the place is out of sight: the way to it. */
  function fallback(step) {
    return seen(tabs.button(step.pane)) ?? (step.pane === "machine" ? seen(document.querySelector(".machine-toggle")) : seen(document.getElementById(`pane-${step.pane}`)));
  }

  function draw() {
    box.classList.remove("done");
    box.setAttribute("aria-label", t("tour"));
    box.hidden = false;
    if (at >= STEPS.length) {
      onward.draw();
      fill(box, head(t("tour_end_title")), h("p", { role: "status" }, t("tour_end", { name: firstName(0) })), onward.node,
        h("div.row-end", {}, h("button.button", { type: "button", onclick: start }, t("tour_restart")), h("button.button.main", { type: "button", onclick: stop }, t("done"))));
      return;
    }
    const { key, sample, plain } = STEPS[at];
    const reading = plain?.(trip);
    fill(box, head(t(`tour_${key}_title`)), h("p", { role: "status" }, t(reading ? `tour_${key}_plain` : `tour_${key}`)),
      h("div.row-end", {},
        h("span.progress", { "aria-label": t("tour_progress", { at: at + 1, all: STEPS.length }) }, `${at + 1} / ${STEPS.length}`),
        sample ? h("button.button", { type: "button", onclick: () => help(STEPS[at]) }, t(`tour_${key}_sample`)) : null,
        h("button.button", { type: "button", class: reading ? "main" : "", onclick: () => go(at + 1) }, t(reading ? "next_step" : "skip_step"))));
  }
  const head = (title) => h("header", {}, h("h2", {}, title), h("button.icon-button", { type: "button", "aria-label": t("tour_stop"), title: t("tour_stop"), onclick: stop }, icon("close")));

  /** Words for who does not want to think of any: they stand in the field and wait to be sent. */
  function help(step) {
    tabs.show(step.pane);
    const { ctx, composer } = panes[step.pane];
    if (typeof step.sample === "function") step.sample(trip);
    else {
      if (step.sample === "reply" && card(trip)) ctx.reply(card(trip).id);
      composer.write(t(`tour_${step.key}_words`));
    }
  }

  /** At the first visit, and only asked. */
  function offer() {
    if (kept(KEY)) return;
    box.setAttribute("aria-label", t("tour"));
    box.hidden = false;
    fill(box, head(t("tour_offer_title")), h("p", {}, t("tour_offer")),
      h("div.row-end", {}, h("button.button", { type: "button", onclick: stop }, t("tour_later")), h("button.button.main", { type: "button", onclick: start }, t("tour_begin"))));
    beside(box, null);
  }

  on("goto", () => { if (trip) trip.went = true; });
  on("event", ({ kind }) => { if (at >= STEPS.length && kind === "message") pointed = () => null; });
  on("event", ({ kind }) => { if (trip && (kind === "message" || kind === "edit")) setTimeout(look, 60); });
  on("reset", () => { if (trip && !store.world.chats.size) stop(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && box.contains(document.activeElement)) stop(); });
  return {
    start,
    offer,
    words() { if (at >= 0) draw(); else if (!box.hidden) offer(); },
  };
}
