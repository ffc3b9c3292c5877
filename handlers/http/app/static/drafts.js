// What somebody is typing into the answer box of a ticket stays theirs: when they look elsewhere,
// choose a canned response, or the page is drawn anew. It is kept by this window alone.
"use strict";

(() => {
  const box = () => document.querySelector("form.answer textarea");
  const place = () => `draft:${location.pathname}`;

  function kept() {
    try {
      return sessionStorage.getItem(place()) || "";
    } catch {
      return "";
    }
  }

  function keep(words) {
    try {
      if (words.trim()) sessionStorage.setItem(place(), words);
      else sessionStorage.removeItem(place());
    } catch {
      // a browser that keeps nothing
    }
  }

  /** Put back what was typed; a canned response that was chosen meanwhile follows it. */
  function restore() {
    const field = box();
    if (!field || field.dataset.restored) return;
    field.dataset.restored = "yes";
    const typed = kept();
    const shown = field.value;
    if (!typed || shown.includes(typed.trim())) return;
    field.value = shown.trim() ? `${typed.trimEnd()}\n\n${shown}` : typed;
    keep(field.value);
  }

  document.addEventListener("input", (event) => { if (event.target === box()) keep(event.target.value); });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form.answer")) keep("");
    if (event.target.matches("form.leave")) {
      try { sessionStorage.clear(); } catch { /* the same */ }
    }
  });
  document.addEventListener("htmx:afterSettle", restore);
  addEventListener("DOMContentLoaded", restore);
})();
