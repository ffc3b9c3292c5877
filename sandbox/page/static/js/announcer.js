// For those who listen: what others write in the panes that are in sight, in a polite region.

import { summary } from "./message/kinds.js";
import { on } from "./store.js";

const PAUSE = 700; // milliseconds: a storm is told as its last lines

export function startAnnouncer(panes) {
  const region = document.getElementById("announcer");
  let lines = [];
  let timer = 0;
  on("event", ({ kind, data }) => {
    if (kind !== "message") return;
    const pane = Object.values(panes).find((one) => one.ctx.chat()?.id === data.chat);
    if (!pane?.ctx.visible() || data.from.id === pane.ctx.actor() || (data.private && data.private !== pane.ctx.actor())) return;
    lines.push(`${pane.ctx.title()}, ${data.from.name}: ${summary(data)}`);
    timer ||= setTimeout(() => {
      region.textContent = lines.slice(-3).join("\n");
      lines = [];
      timer = 0;
    }, PAUSE);
  });
}
