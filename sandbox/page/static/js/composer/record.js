// A voice message: from the microphone, or an example of the same length where there is none.

import { h } from "../dom.js";
import { duration } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { toast } from "../toasts.js";
import { sampleSound } from "./samples.js";

/** @param {import("../panes/pane.js").Context} ctx @param {() => number|undefined} target */
export function makeRecorder(ctx, target) {
  const time = h("span.time", { role: "timer" }, "0:00");
  const node = h("div.recording", { hidden: true });
  let begun = 0;
  let timer = 0;
  let source = null; // {recorder, chunks, stream}

  async function start() {
    begun = Date.now();
    node.replaceChildren(
      h("span.red", { "aria-hidden": "true" }), time, h("span.hint", {}, t("recording")),
      h("button.icon-button", { type: "button", "aria-label": t("cancel"), onclick: () => end(false) }, icon("trash")),
      h("button.icon-button.send", { type: "button", "aria-label": t("send"), onclick: () => end(true) }, icon("send")));
    show(true);
    node.querySelector(".send").focus();
    timer = setInterval(() => { time.textContent = duration((Date.now() - begun) / 1000); }, 250);
    source = await microphone();
    if (!source) toast(t("no_microphone"), ctx.section);
  }
  async function end(send) {
    clearInterval(timer);
    const seconds = Math.max(1, Math.round((Date.now() - begun) / 1000));
    show(false);
    const taken = source ? await stop(source) : null;
    source = null;
    if (!send) return;
    const file = taken ?? (await sampleSound("voice.wav", Math.min(seconds, 60)));
    await ctx.act({ do: "voice", files: [file], reply_to: target() });
  }
  function show(on) {
    node.hidden = !on;
    node.parentElement.querySelector(".line").hidden = on;
    time.textContent = "0:00";
    if (!on) node.parentElement.querySelector(".input").focus();
  }
  node.addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });
  return { node, start, active: () => !node.hidden };
}

async function microphone() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream);
    const chunks = [];
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.start();
    return { recorder, chunks, stream };
  } catch {
    return null; // no microphone, or no permission
  }
}

async function stop({ recorder, chunks, stream }) {
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  for (const track of stream.getTracks()) track.stop();
  const type = recorder.mimeType.split(";")[0] || "audio/ogg";
  return new File(chunks, `voice.${type.split("/")[1]}`, { type });
}
