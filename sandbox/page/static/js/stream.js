// The event stream. The browser reconnects by itself and tells the server the last event it has seen.

import { emit, load, store, take } from "./store.js";

const KINDS = [
  "message", "edit", "delete", "reactions", "pin", "keyboard", "commands", "typing", "toast", "bot", "people", "chats",
  "clock", "machine", "faults",
];

/** Follow the world from the snapshot on. */
export function follow() {
  let source;
  const open = () => {
    source?.close();
    source = new EventSource(`events?after=${store.world.seq}`);
    source.onopen = () => online(true);
    source.onerror = () => {
      online(false);
      // Closed for good (the server refused): try anew with a fresh snapshot.
      if (source.readyState === EventSource.CLOSED) setTimeout(again, 1500);
    };
    for (const kind of KINDS) source.addEventListener(kind, (event) => heard(kind, event));
    source.addEventListener("reset", again);
  };
  const again = async () => {
    source?.close();
    try {
      await load();
      open();
    } catch {
      setTimeout(again, 1500);
    }
  };
  open();
}

function heard(kind, event) {
  if (event.lastEventId) store.world.seq = Number(event.lastEventId) || store.world.seq;
  take(kind, JSON.parse(event.data));
}

function online(is) {
  if (store.online === is) return;
  store.online = is;
  emit("online", is);
}
