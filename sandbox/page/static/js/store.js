// The one place that knows the world; panes listen to what concerns them.

import { api } from "./api.js";
import { apply, fromSnapshot } from "./reduce.js";

export const store = {
  /** @type {ReturnType<typeof fromSnapshot>} */
  world: null,
  /** Unread messages per chat; a pane that shows the end of its chat keeps its own at 0. */
  unread: new Map(),
  online: false,
};

const listeners = new Map();

/** @param {string} topic "chatchange" (with the chat's id), "chats", "people", "machine", "faults", "clock", "toast" (the
 * answer to a press), "unread", "ticks", "online", "goto", "start", "event" (any of the stream), "reset" */
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  return () => listeners.get(topic).delete(listener);
}

export function emit(topic, data) {
  for (const listener of [...(listeners.get(topic) ?? [])]) listener(data);
}

/** Everything anew: at the start, and when the stream says that it cannot catch up. */
export async function load() {
  store.world = fromSnapshot(await api.world());
  emit("reset");
}

/** One event of the stream. */
export function take(kind, data) {
  const changed = apply(store.world, kind, data);
  for (const topic of changed) {
    if (topic.startsWith("chat:")) emit("chatchange", Number(topic.slice(5)));
    else emit(topic, data);
  }
  if (kind === "toast") emit("toast", data);
  emit("event", { kind, data });
}

/** The time in the world of the sandbox, which may have been moved ahead. */
export const now = () => Date.now() / 1000 + (store.world?.skew ?? 0);

export const person = (id) => store.world.people.get(id);
export const chat = (id) => store.world.chats.get(id);
export const people = (...roles) => [...store.world.people.values()].filter((one) => roles.includes(one.role));

/** The private chat of a person with the bot. */
export const privateChat = (id) =>
  [...store.world.chats.values()].find((one) => one.kind === "private" && (one.person ?? one.id) === id);

/** The operators' group, the alerts' channel: the newest of the kind (a group may have moved). */
export const firstChat = (...kinds) => [...store.world.chats.values()].findLast((one) => kinds.includes(one.kind) && !one.migrated_to);

export function setUnread(id, count) {
  if ((store.unread.get(id) ?? 0) === count) return;
  store.unread.set(id, count);
  emit("unread");
}
