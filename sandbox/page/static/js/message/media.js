// What a message carries besides words, by kind.

import { face } from "../avatar.js";
import { h } from "../dom.js";
import { bytes, duration } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { openViewer } from "./viewer.js";
import { voice } from "./voice.js";

/** @returns {HTMLElement|null} */
export function media(ctx, message) {
  const what = message.media;
  if (!what) return null;
  return (KINDS[what.kind] ?? unknown)(ctx, message, what);
}

const KINDS = {
  photo: picture,
  video: picture,
  animation: picture,
  voice: (ctx, message, what) => voice(message, what),
  audio: (ctx, message, what) => voice(message, what),
  document: (ctx, message, what) => file(what),
  video_note: (ctx, message, what) => round(what),
  sticker: (ctx, message, what) => sticker(what),
  location: place,
  venue: place,
  contact: (ctx, message, what) => contact(what),
  poll,
  dice: (ctx, message, what) => dice(message, what),
};

const unknown = (ctx, message, what) => h("em", {}, t(`kind_${what.kind}`) || what.kind);

/** A photo, a video or an animation; a press shows it large. */
export function picture(ctx, message, what) {
  const { width = 320, height = 240 } = what;
  const ratio = Math.min(Math.max(width / height, 0.56), 2.4);
  const size = Math.max(9, Math.min(20, ratio >= 1 ? 20 : 20 * ratio));
  const node = h("button.media.photo", {
    type: "button",
    class: what.spoiler ? "hidden" : "",
    style: { "--ratio": `${ratio}`, "--w": `${size}rem` },
    "aria-label": `${t(`kind_${what.kind}`)}. ${t("open")}`,
    onclick: () => openViewer(ctx, message),
  });
  node.append(what.kind === "photo" ? image(what, node) : film(what, node));
  if (what.kind === "video") node.append(h("span.play", {}, icon("play")), h("span.badge", {}, duration(what.duration)));
  if (what.kind === "animation") node.append(h("span.badge", {}, "GIF"));
  return node;
}

function image(what, node) {
  const picture = h("img", { src: what.url, alt: "", decoding: "async", draggable: "false" });
  picture.addEventListener("error", () => picture.replaceWith(stub("image")), { once: true });
  return picture;
}

function film(what) {
  const video = h("video", { src: what.url, preload: "metadata", playsinline: true, loop: what.kind === "animation", tabindex: "-1" });
  video.muted = true;
  if (what.kind === "animation" && !matchMedia("(prefers-reduced-motion: reduce)").matches) video.autoplay = true;
  // An example has no frames: Telegram's grey field with a sign stands for it.
  video.addEventListener("error", () => video.replaceWith(stub(what.kind === "animation" ? "gif" : "video")), { once: true });
  return video;
}

const stub = (sign) => h("span.stub", {}, icon(sign));

/** A document: its name, its size, and the press that keeps it. */
export function file(what) {
  return h("a.file", { href: what.url, download: what.name ?? "", "aria-label": `${t("download")}: ${what.name ?? t("kind_document")}` },
    h("span.disc", {}, icon("file")),
    h("span.about", {}, h("b", { dir: "auto" }, what.name ?? t("kind_document")), h("small", {}, what.size ? bytes(what.size) : "")));
}

function round(what) {
  const video = h("video", { src: what.url, preload: "metadata", playsinline: true, tabindex: "-1" });
  const play = h("span.play", {}, icon("play"));
  const node = h("button.round.bare-media", { type: "button", "aria-label": `${t("kind_video_note")}, ${duration(what.duration)}` }, video, play, h("span.badge", {}, duration(what.duration)));
  video.addEventListener("error", () => video.remove(), { once: true });
  video.addEventListener("ended", () => play.removeAttribute("hidden"));
  node.addEventListener("click", () => {
    if (!video.isConnected) return;
    if (video.paused) { video.play().catch(() => {}); play.hidden = true; } else { video.pause(); play.hidden = false; }
  });
  return node;
}

function sticker(what) {
  const glyph = h("span.glyph", {}, what.emoji || "👍");
  const node = h("div.sticker.bare-media", { role: "img", "aria-label": `${t("kind_sticker")} ${what.emoji ?? ""}` });
  const picture = h("img", { src: what.url, alt: "" });
  picture.addEventListener("error", () => picture.replaceWith(glyph), { once: true });
  node.append(what.url ? picture : glyph);
  return node;
}

function place(ctx, message, what) {
  const at = `${what.latitude},${what.longitude}`;
  const node = h("a.place", {
    class: what.title ? "venue" : "photo-like",
    href: `https://www.openstreetmap.org/?mlat=${what.latitude}&mlon=${what.longitude}#map=16/${at.replace(",", "/")}`,
    target: "_blank",
    rel: "noopener noreferrer",
    onclick: (event) => { event.preventDefault(); ctx.acts.link(event.currentTarget.href); },
    "aria-label": `${t("kind_location")} ${what.title ?? at}`,
  }, h("span.map", {}, icon("place")));
  if (what.title) node.append(h("b", { dir: "auto" }, what.title), h("small", { dir: "auto" }, what.address ?? ""));
  return node;
}

const contact = (what) =>
  h("div.contact", {}, face([...(what.phone ?? "")].reduce((sum, sign) => sum + sign.charCodeAt(0), 0), what.name),
    h("div", {}, h("b", { dir: "auto" }, what.name), h("small", { dir: "ltr" }, /^\d+$/.test(what.phone) ? `+${what.phone}` : what.phone)));

/** Shares are shown once somebody has voted; one's own vote is known only to the page that gave it. */
function poll(ctx, message, what) {
  const total = what.total ?? 0;
  const chosen = votes.get(`${ctx.actor()}:${message.id}`) ?? -1;
  const vote = async (at) => {
    if (await ctx.act({ do: "vote", message: message.id, options: [at] })) votes.set(`${ctx.actor()}:${message.id}`, at);
  };
  return h("div.poll", {}, h("b", { dir: "auto" }, what.question),
    h("small", {}, what.closed ? t("poll_closed") : t(what.anonymous ? "poll_anonymous" : "poll_open")),
    h("ul", {}, what.options.map((one, at) => h("li", {},
      h("button.choice", { type: "button", disabled: what.closed, "aria-pressed": String(at === chosen), onclick: () => vote(at) },
        total ? h("em", {}, `${Math.round((100 * one.votes) / total)} %`) : h("i"), h("span", { dir: "auto" }, one.text))))),
    h("small", {}, t("votes", { count: total })));
}
const votes = new Map(); // "person:message" → option

/** The face that was thrown, where there is one in the alphabet; else the sign of the game. */
function dice(message, what) {
  const thrown = what.emoji === "🎲" && what.value ? String.fromCodePoint(0x2680 + what.value - 1) : what.emoji;
  const fresh = Date.now() / 1000 - message.date < 3;
  return h("div.dice.bare-media", { class: fresh ? "rolling" : "", role: "img", "aria-label": `${t("kind_dice")}: ${what.value}` }, what.emoji === "🎲" ? h("span", {}, thrown) : thrown);
}
