// A voice message or a piece of music: a wave that fills while it plays.

import { h } from "../dom.js";
import { bytes, duration } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";

const BARS = 36;
let playing = null; // one at a time, as in Telegram

export function voice(message, what) {
  const seconds = what.duration || 1;
  const music = what.kind === "audio";
  const bars = wave(`${what.url}${message.id}`).map((size) => h("i", { style: { height: `${size}%` } }));
  const time = h("small", {}, music ? [what.performer, what.size ? bytes(what.size) : ""].filter(Boolean).join(" · ") : duration(seconds));
  const button = h("button.disc", { type: "button", "aria-label": `${t("play")}: ${t(`kind_${what.kind}`)}, ${duration(seconds)}` }, icon("play", "full"));
  const track = h("div.wave", { "aria-hidden": "true" }, music ? null : bars);
  const player = makePlayer(what.url, seconds, (part, on) => {
    bars.forEach((bar, at) => bar.classList.toggle("past", at / BARS < part));
    if (!music || part) time.textContent = duration(part ? part * seconds : seconds);
    button.replaceChildren(icon(on ? "pause" : "play", "full"));
    button.setAttribute("aria-label", t(on ? "pause" : "play"));
  });
  button.addEventListener("click", () => player.toggle());
  track.addEventListener("click", (event) => player.seek(event.offsetX / track.clientWidth));
  const title = music ? h("b", { dir: "auto" }, what.title ?? what.name ?? t("kind_audio")) : track;
  return h("div.voice", { class: music ? "file" : "" }, button, h("div.side.about", {}, title, time));
}

/** A wave that is always the same for the same file. */
function wave(seed) {
  let state = [...seed].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7);
  let level = 50;
  return Array.from({ length: BARS }, () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    level += ((state >>> 16) % 70) - 35;
    level = Math.max(14, Math.min(100, level));
    return level;
  });
}

/** Plays the file; one that holds no sound (an example) runs silently for as long as it says. */
function makePlayer(url, seconds, show) {
  const audio = new Audio();
  audio.preload = "none";
  let silent = false;
  let from = 0;
  let ticking = 0;
  const position = () => (silent ? from + (performance.now() - ticking) / 1000 : audio.currentTime) / length();
  const length = () => (!silent && Number.isFinite(audio.duration) && audio.duration) || seconds;
  const player = {
    on: false,
    async toggle() { player.on ? player.pause() : await player.play(); },
    async play() {
      if (playing !== player) playing?.pause();
      playing = player;
      player.on = true;
      if (!audio.src) audio.src = url;
      if (!silent) await audio.play().catch(() => { silent = true; });
      ticking = performance.now();
      step();
    },
    pause() {
      from = position() * length();
      player.on = false;
      audio.pause();
      show(Math.min(position(), 1), false);
    },
    seek(part) { from = part * length(); ticking = performance.now(); if (!silent) audio.currentTime = from; },
  };
  const step = () => {
    if (!player.on) return;
    const part = position();
    if (part >= 1 || audio.ended) { player.on = false; from = 0; if (!silent) audio.currentTime = 0; show(0, false); return; }
    show(part, true);
    requestAnimationFrame(step);
  };
  return player;
}
