// Examples made on the spot: what a yard camera sees, a few notes, a page of text.

import { clockTime, shortMoment } from "../format.js";
import { wordsOf } from "../i18n.js";
import { now } from "../store.js";

const SCENES = [
  { sky: ["#27415c", "#8aa4ad"], ground: "#5c6a5c", house: "#3d4c58", window: "#f4d58d", car: "#a43c34" },
  { sky: ["#0c1420", "#1f2c3d"], ground: "#222b27", house: "#141c25", window: "#d9a441", car: "#3b4a5a" },
  { sky: ["#7fb2dd", "#dcecf5"], ground: "#8da878", house: "#b7a48d", window: "#6d8aa0", car: "#2f6ea5" },
];

/** @returns {Promise<File[]>} */
export const samplePhotos = (count) => Promise.all(Array.from({ length: count }, (_, at) => photo(at)));

async function photo(at) {
  const canvas = document.createElement("canvas");
  canvas.width = 960;
  canvas.height = at % 3 === 1 ? 720 : 600;
  paint(canvas, SCENES[at % SCENES.length], at);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return new File([blob], `camera-${at + 1}.jpg`, { type: "image/jpeg" });
}

/** A yard: sky, houses with windows, a road, a car, and the camera's line of text. */
function paint(canvas, { sky, ground, house, window: light, car }, seed) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const air = pen.createLinearGradient(0, 0, 0, height * 0.7);
  sky.forEach((tone, at) => air.addColorStop(at, tone));
  box(pen, air, 0, 0, width, height);
  box(pen, ground, 0, height * 0.66, width, height * 0.34);
  for (let at = 0; at < 3; at += 1) {
    const left = at * 330 + 20 + seed * 14;
    const top = height * (0.2 + ((at * 7 + seed * 3) % 4) * 0.05);
    box(pen, house, left, top, 270, height * 0.68 - top);
    for (let row = 0; row < 5; row += 1) for (let column = 0; column < 5; column += 1) {
      const inside = top + 52 + row * 46 < height * 0.66;
      if (inside && (row * 5 + column * 3 + at + seed) % 4) box(pen, light, left + 24 + column * 48, top + 24 + row * 46, 24, 28);
    }
  }
  box(pen, "#3a4046", 0, height * 0.78, width, height * 0.14);
  for (let at = 0; at < 8; at += 1) box(pen, "#d8d8c8", at * 130 + seed * 30, height * 0.845, 60, 5);
  const x = 180 + seed * 190;
  box(pen, car, x, height * 0.74, 190, 44);
  box(pen, car, x + 36, height * 0.74 - 36, 108, 38);
  for (const wheel of [44, 148]) { pen.fillStyle = "#14181c"; pen.beginPath(); pen.arc(x + wheel, height * 0.74 + 46, 18, 0, 7); pen.fill(); }
  box(pen, "rgb(0 0 0 / 45%)", 0, 0, width, 44);
  pen.fillStyle = "#fff";
  pen.font = "24px monospace";
  pen.fillText(`MOS_12_2${3 + seed}  ${shortMoment(now())}`, 18, 31);
  pen.fillStyle = "#ff5148";
  pen.beginPath();
  pen.arc(width - 28, 22, 9, 0, 7);
  pen.fill();
}

function box(pen, tone, x, y, width, height) {
  pen.fillStyle = tone;
  pen.fillRect(x, y, width, height);
}

/** Two seconds of soft notes as a WAV: every browser plays it. */
export async function sampleSound(name, seconds = 3) {
  const rate = 8000;
  const frames = rate * seconds;
  const data = new DataView(new ArrayBuffer(44 + frames * 2));
  const write = (at, text) => [...text].forEach((sign, step) => data.setUint8(at + step, sign.charCodeAt(0)));
  write(0, "RIFF"); data.setUint32(4, 36 + frames * 2, true); write(8, "WAVEfmt ");
  data.setUint32(16, 16, true); data.setUint16(20, 1, true); data.setUint16(22, 1, true);
  data.setUint32(24, rate, true); data.setUint32(28, rate * 2, true); data.setUint16(32, 2, true); data.setUint16(34, 16, true);
  write(36, "data"); data.setUint32(40, frames * 2, true);
  const notes = [262, 330, 392, 523, 392, 330];
  for (let at = 0; at < frames; at += 1) {
    const time = at / rate;
    const step = time % 0.5;
    const tone = Math.sin(2 * Math.PI * notes[Math.floor(time * 2) % notes.length] * time) * Math.exp(-4 * step) * Math.min(1, step * 40);
    data.setInt16(44 + at * 2, tone * 9000, true);
  }
  return new File([data.buffer], name, { type: "audio/wav" });
}

/** In the language of who sends it. @param {string} code */
export async function sampleText(code) {
  return new File([`${wordsOf(code, "sample_text")}\n${shortMoment(now())}\n`], wordsOf(code, "sample_text_name"), { type: "text/plain" });
}

/** A second and a half of a running clock, where the browser can record; else a file without frames. */
export async function sampleFilm() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 320;
  const pen = canvas.getContext("2d");
  let frame = 0;
  const draw = () => {
    box(pen, "#20435f", 0, 0, 320, 320);
    pen.fillStyle = "#8fd0ff";
    pen.beginPath();
    pen.arc(160 + Math.cos(frame / 9) * 90, 160 + Math.sin(frame / 9) * 90, 26, 0, 7);
    pen.fill();
    pen.fillStyle = "#fff";
    pen.font = "30px monospace";
    pen.fillText(clockTime(now()), 118, 170);
    frame += 1;
  };
  draw();
  const chunks = [];
  try {
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
    recorder.ondataavailable = (event) => chunks.push(event.data);
    const timer = setInterval(draw, 50);
    recorder.start();
    await new Promise((done) => setTimeout(done, 1500));
    await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
    clearInterval(timer);
  } catch {
    chunks.push("no frames");
  }
  return new File(chunks, "clip.webm", { type: "video/webm" });
}
