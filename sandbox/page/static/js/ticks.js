// What was written while the bot could not hear has one tick until it can.

import { emit, on, store } from "./store.js";

const heard = new Map(); // chat → the last message before the bot went away
let deaf = false;

export function startTicks() {
  for (const topic of ["machine", "faults", "reset"]) on(topic, look);
  look();
}

function look() {
  const { machine, faults, chats } = store.world;
  const away = ["stopped", "killed"].includes(machine.bot) || faults.some((fault) => fault.kind === "network");
  if (away === deaf) return;
  deaf = away;
  heard.clear();
  if (away) for (const chat of chats.values()) heard.set(chat.id, chat.messages.at(-1)?.id ?? 0);
  else emit("ticks");
}

export const delivered = (chat, message) => !deaf || message <= (heard.get(chat) ?? 0);
