// A small field of emoji.

import { arrows, h } from "../dom.js";
import { t } from "../i18n.js";

const SIGNS = [..."😀😁😂🙂😉😊😍🤔😐😕😢😭😡👍👎👌🙏👏🙋👀🔥🎉💯✅❌❓❗⏳📷📞🔧💡🏠🚗🌧☀"].filter((sign) => sign !== "\uFE0F");

export function openEmoji(button, insert) {
  if (button.getAttribute("aria-expanded") === "true") return;
  const box = h("div.emoji", { role: "dialog", "aria-label": t("emoji") }, SIGNS.concat("❤️").map((sign) => h("button", { type: "button", "aria-label": sign, onclick: () => insert(sign) }, sign)));
  document.body.append(box);
  const place = button.getBoundingClientRect();
  box.style.setProperty("left", `${Math.max(8, Math.min(place.right - box.offsetWidth, innerWidth - box.offsetWidth - 8))}px`);
  box.style.setProperty("top", `${Math.max(8, place.top - box.offsetHeight - 8)}px`);
  button.setAttribute("aria-expanded", "true");
  arrows(box, "button");
  box.querySelector("button").focus();
  const outside = (event) => { if (!box.contains(event.target)) close(); };
  function close(focus) {
    box.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (focus) button.focus();
  }
  setTimeout(() => document.addEventListener("pointerdown", outside), 0);
  box.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); close(true); } });
}
