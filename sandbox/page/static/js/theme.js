// Light, dark, or as the system has it; remembered.

const KEY = "frontdoor.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function startTheme() {
  system.addEventListener("change", show);
  show();
}

export const dark = () => (remembered() ?? (system.matches ? "dark" : "light")) === "dark";

export function toggleTheme() {
  const next = dark() ? "light" : "dark";
  // What the system says anyway need not be remembered.
  keep(KEY, (next === "dark") === system.matches ? null : next);
  show();
}

function show() {
  document.documentElement.dataset.theme = dark() ? "dark" : "light";
}

const remembered = () => kept(KEY);

/** Storage may be forbidden; then nothing is remembered. */
export function kept(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}
export function keep(key, value) {
  try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch { /* not remembered */ }
}
