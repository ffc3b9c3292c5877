// A picture or a film large; arrows go to the next one of the chat, Esc closes.

import { h } from "../dom.js";
import { fullTime } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { shown } from "../toasts.js";

const SEEN = new Set(["photo", "video", "animation"]);

export function openViewer(ctx, message) {
  const all = ctx.chat().messages.filter((one) => SEEN.has(one.media?.kind));
  let at = all.findIndex((one) => one.id === message.id);
  const stage = h("div.stage");
  const under = h("p.under", { dir: "auto" });
  const dialog = h("dialog.viewer", { "aria-label": t("viewer") },
    h("button.icon-button.shut", { type: "button", "aria-label": t("close"), onclick: () => dialog.close() }, icon("close")),
    arrow("before", -1), stage, arrow("after", 1), under);
  function arrow(name, step) {
    return h(`button.icon-button.${name}`, { type: "button", "aria-label": t(name), onclick: () => go(step) }, icon("back"));
  }
  const go = (step) => {
    const next = at + step;
    if (next < 0 || next >= all.length) return;
    at = next;
    show();
  };
  const show = () => {
    const { media, from, date, caption } = all[at];
    stage.replaceChildren(large(media));
    under.replaceChildren(h("b", {}, h("bdi", {}, from.name)), ` · ${fullTime(date)}`, caption ? h("span", { dir: "auto" }, caption) : "");
    dialog.querySelector(".before").disabled = at === 0;
    dialog.querySelector(".after").disabled = at === all.length - 1;
  };
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  stage.addEventListener("click", (event) => { if (event.target === stage) dialog.close(); });
  show();
  shown(dialog);
}

function large(media) {
  if (media.kind === "photo") return h("img", { src: media.url, alt: t("kind_photo"), style: { "--natural": `${Math.max(media.width ?? 0, 320)}px` } });
  const video = h("video", { src: media.url, controls: media.kind === "video", loop: media.kind === "animation", autoplay: true, playsinline: true });
  video.addEventListener("error", () => video.replaceWith(h("p.none", {}, t("example_file"))), { once: true });
  return video;
}
