// The page follows what happens. A stream of server-sent events says that something has changed,
// and the part marked with data-live asks for itself again; without a stream it does so at intervals.
"use strict";

(() => {
  const LIVE = "[data-live]";
  const WITHOUT = 15000; // milliseconds between two looks while there is no stream
  const WITH = 60000; // … while there is one: ages and deadlines go on by themselves
  const SOON = 2000; // … until what has changed is looked at once more
  const FILLED = ["verbs", "writing"]; // parts whose forms come with something in their fields
  const READING = 2000; // … until words that somebody has marked are looked at again

  let stream = null;
  let followed = "";
  let timer = 0;
  let ended = false;
  let soon = 0;

  const part = () => document.querySelector(LIVE);
  const isOpen = () => stream !== null && stream.readyState === EventSource.OPEN;

  function leave() {
    if (stream) stream.close();
    stream = null;
    followed = "";
  }

  /** One stream: of what is on the page now, while somebody can see it. */
  function follow() {
    const wanted = ended || document.hidden || !part() ? "" : part().dataset.live;
    if (stream && wanted === followed && stream.readyState !== EventSource.CLOSED) return;
    leave();
    if (!wanted) return;
    followed = wanted;
    stream = new EventSource(wanted);
    // what happened between the drawing of the page and now has been told to nobody
    stream.addEventListener("open", news);
    stream.addEventListener("changed", news);
    stream.addEventListener("end", end);
    stream.addEventListener("full", leave);
  }

  /** Look at once, and once more soon: the first answer may have been on its way already. */
  function news() {
    soon = SOON;
    look(0);
  }

  function look(wait) {
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  }

  function refresh() {
    follow();
    const live = part();
    if (live && !ended && !document.hidden) {
      if (isMarking(live)) {
        look(READING);
        return;
      }
      htmx.trigger(live, "live");
    }
    look(soon || (isOpen() ? WITH : WITHOUT));
    soon = 0;
  }

  function isMarking(live) {
    const marked = getSelection();
    return marked && !marked.isCollapsed && live.contains(marked.anchorNode);
  }

  /** The session is over, or its person works here no more: what was typed stays where it is. */
  function end() {
    ended = true;
    leave();
    const told = document.getElementById("ended");
    if (told) told.hidden = false;
  }

  /** Somebody works there: what they type, have chosen or have unfolded stays. In the answer box
      whatever stands is theirs; other forms come filled with what is so now. */
  function isBusy(node) {
    if (node.contains(document.activeElement) || node.querySelector("details[open]")) return true;
    const fields = [...node.querySelectorAll("textarea, select[name=response], input:not([type=hidden])")];
    if (FILLED.includes(node.id)) return fields.some((field) => field.value !== field.defaultValue);
    return fields.some((field) => field.value);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const asked = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (!asked || !asked.matches || !asked.matches(LIVE)) return;
    const { status, responseText } = event.detail.xhr;
    if (status === 200 && responseText.includes(`id="${asked.id}" data-live`)) {
      place = placeIn(asked);
      return;
    }
    event.detail.shouldSwap = false;
    if (status === 200 || status === 403) end();
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (isBusy(event.detail.target)) event.detail.shouldSwap = false;
  });

  /** Where somebody is in the part that is replaced: what they have unfolded, and the link that a
      key has led them to. */
  let place = null;

  function placeIn(live) {
    const at = document.activeElement;
    return {
      open: [...live.querySelectorAll("details[open] > summary")].map((one) => one.textContent),
      link: live.contains(at) && !at.id ? at.getAttribute("href") : null,
    };
  }

  function goBack(live, { open, link }) {
    for (const one of live.querySelectorAll("details > summary")) {
      if (open.includes(one.textContent)) one.parentElement.open = true;
    }
    const there = link && [...live.querySelectorAll("a[href]")].find((one) => one.getAttribute("href") === link);
    if (there) there.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", () => {
    if (place && part()) goBack(part(), place);
    place = null;
  });
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : look(0)));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => { if (event.persisted) look(0); });
  addEventListener("DOMContentLoaded", () => { follow(); look(WITHOUT); });
})();
