// What a list of messages looks like from afar: days, service lines, runs of one person, albums. Pure.

import { dayKey } from "../format.js";

const RUN = 15 * 60; // seconds after which the same person starts a new run of bubbles

/**
 * @typedef {{key: string, kind: "day"|"service"|"bubble"|"unread", messages?: object[], own?: boolean, first?: boolean, last?: boolean, date?: number, day?: string}} Row
 * @param {object[]} messages by number @param {{actor: number, channel: boolean, unreadFrom?: number|null}} view @returns {Row[]}
 */
export function rows(messages, { actor, channel, unreadFrom = null }) {
  const made = [];
  let day = "";
  let parted = false;
  for (const group of albums(visible(messages, actor))) {
    const [message] = group;
    const key = dayKey(message.date);
    if (key !== day) made.push({ key: `day ${key}`, kind: "day", date: message.date });
    day = key;
    if (unreadFrom !== null && !parted && message.id >= unreadFrom) {
      made.push({ key: "unread", kind: "unread" });
      parted = true;
    }
    if (message.service) made.push({ key: `${message.id}`, kind: "service", messages: group });
    else made.push(bubble(group, actor, channel, made.at(-1)));
  }
  return made;
}

/** Messages that Telegram shows to one person only are not for the others. */
const visible = (messages, actor) => messages.filter((one) => !one.private || one.private === actor);

/** Messages of one album stand together. */
function albums(messages) {
  const groups = [];
  for (const message of messages) {
    const open = groups.at(-1);
    if (message.album && open?.[0].album === message.album) open.push(message);
    else groups.push([message]);
  }
  return groups;
}

function bubble(group, actor, channel, before) {
  const [message] = group;
  const own = !channel && message.from.id === actor;
  const follows = before?.kind === "bubble" && sameRun(before.messages.at(-1), message);
  if (follows) before.last = false;
  return { key: `${message.id}`, kind: "bubble", messages: group, own, first: !follows, last: true };
}

const sameRun = (one, next) => one.from.id === next.from.id && next.date - one.date < RUN && Boolean(one.forward) === Boolean(next.forward);

/** Whether a drawn row still shows what it should. */
export function sameRow(one, other) {
  return (
    one.kind === other.kind && one.own === other.own && one.first === other.first && one.last === other.last &&
    one.date === other.date && one.messages?.length === other.messages?.length &&
    (one.messages ?? []).every((message, at) => message === other.messages[at])
  );
}
