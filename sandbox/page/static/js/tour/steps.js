// The story of the tour: where to look, what to do, and how the page sees that it was done.

import { language } from "../i18n.js";
import { store } from "../store.js";

/**
 * @typedef {{group: number, customer: number, channel: number}} Mark the newest messages when a step began
 * @typedef {object} Trip
 * @property {Record<string, any>} panes @property {number} begun the group's newest message when the tour began
 * @property {Mark} mark @property {boolean} went a link to a message was followed since the step began
 * @property {string|undefined} asked what the customer was asked when the last step began
 * @typedef {{key: string, pane: string, target: (trip: Trip) => Element|null|undefined, done: (trip: Trip) => boolean, sample?: "write"|"reply"|((trip: Trip) => void), plain?: (trip: Trip) => boolean}} Step
 */

const MARKERS = /^\p{Emoji}?[\u{1F534}\u{1F7E2}\u{1F7E1}\u2B55\u26AA]/u;
const marker = (message) => /[\u{1F534}\u{1F7E2}\u{1F7E1}\u2B55\u26AA]/u.exec((message?.text ?? "").slice(0, 3))?.[0];
const chat = (trip, key) => trip.panes[key].ctx.chat();
const newer = (trip, key) => (chat(trip, key)?.messages ?? []).filter((one) => one.id > trip.mark[key] && !one.service);
const spoke = (trip, key) => newer(trip, key).some((one) => one.from.bot);

/** The card of the ticket that the tour has opened: new since its beginning, or the one that was written to. */
export function card(trip) {
  const messages = chat(trip, "group")?.messages ?? [];
  const recent = messages.filter((one) => one.from.bot && one.id > trip.begun);
  const fresh = recent.findLast((one) => MARKERS.test(one.text ?? "") && !one.reply_to);
  if (fresh) return fresh;
  const replied = recent.findLast((one) => one.reply_to?.id);
  return replied && messages.find((one) => one.id === replied.reply_to.id && MARKERS.test(one.text ?? ""));
}

const row = (trip, key, id) => trip.panes[key].list.rowOf(id);
const cardRow = (trip) => card(trip) && row(trip, "group", card(trip).id);
const composer = (trip, key) => trip.panes[key].composer.node;

/** A button of the card by the sign it begins with. */
const cardButton = (trip, ...signs) => [...(cardRow(trip)?.querySelectorAll(".ib") ?? [])].find((one) => signs.some((sign) => one.textContent.startsWith(sign)));
const has = (trip, sign) => card(trip)?.buttons?.flat().some((one) => one.text.startsWith(sign)) ?? false;

/** The newest buttons of a chat. */
function lastButtons(trip, key) {
  const message = chat(trip, key)?.messages.findLast((one) => one.buttons?.length);
  return message && row(trip, key, message.id)?.querySelector(".inline");
}

/** The question with which the step began says something else now. */
function answered(trip) {
  const said = chat(trip, "customer").messages.findLast((one) => one.from.bot)?.text;
  trip.asked ??= said;
  return said !== trip.asked;
}

/** The labels below the bot's newest words to the customer. */
const offered = (trip) => (chat(trip, "customer")?.messages.findLast((one) => one.from.bot)?.buttons ?? []).flat().map((one) => one.text);
/** Does one of them begin with such a sign? An article has 📄; what leads back, ‹. */
const offers = (trip, ...signs) => offered(trip).some((text) => signs.some((sign) => text.startsWith(sign)));
const wrote = (trip, key) => newer(trip, key).some((one) => !one.from.bot && !(one.text ?? "").startsWith("/start"));

/** What the customer has said last. */
const words = (trip) => newer(trip, "customer").findLast((one) => !one.from.bot)?.text ?? "";

/** A key of the bot's keyboard below the customer's field. */
const key = (trip, sign) => [...composer(trip, "customer").querySelectorAll(".keys:not([hidden]) .key")].find((one) => one.textContent.startsWith(sign));

/** What the bot asks the operators about a command of theirs, newer than the card's own buttons. */
const asked = (trip) => newer(trip, "group").some((one) => one.from.bot && one.buttons?.length && one.reply_to && one.id !== card(trip)?.id) && lastButtons(trip, "group");
const replying = (trip) => trip.panes.group.composer.node.querySelector(".target-line:not([hidden])");

/** The newest alert in the channel, where the week's report may come, too. */
const alert = (trip) => newer(trip, "channel").findLast((one) => one.from.bot && (one.text ?? "").startsWith("\u2B55")) ?? chat(trip, "channel")?.messages.findLast((one) => one.from.bot && (one.text ?? "").startsWith("\u2B55"));
const alertButtons = (trip) => alert(trip)?.buttons?.length && row(trip, "channel", alert(trip).id)?.querySelector(".inline");

/** @type {Step[]} */
export const STEPS = [
  {
    key: "start", pane: "customer",
    target: (trip) => trip.panes.customer.ctx.section.querySelector(".start:not([hidden])"),
    done: (trip) => trip.panes.customer.ctx.mayWrite(),
    sample: (trip) => trip.panes.customer.ctx.act({ do: "start" }),
  },
  {
    key: "topic", pane: "customer",
    target: (trip) => (wrote(trip, "customer") && lastButtons(trip, "customer")) || (key(trip, "📝") ?? composer(trip, "customer")),
    done: (trip) => offers(trip, "📄") || Boolean(card(trip)),
  },
  {
    key: "article", pane: "customer",
    target: (trip) => lastButtons(trip, "customer"),
    done: (trip) => !offers(trip, "📄", "‹") || Boolean(card(trip)),
  },
  {
    key: "write", pane: "customer",
    target: (trip) => composer(trip, "customer"),
    done: (trip) => Boolean(card(trip)) || (wrote(trip, "customer") && spoke(trip, "customer")),
    sample: "write",
  },
  {
    key: "field", pane: "customer",
    target: (trip) => (card(trip) ? composer(trip, "customer") : lastButtons(trip, "customer")),
    // The card follows at the pace of the group: the next step is about what stands there.
    done: (trip) => Boolean(card(trip)) && (wrote(trip, "customer") ? card(trip).text.includes(words(trip)) : !offered(trip).length),
    sample: "write",
  },
  {
    key: "take", pane: "group",
    target: (trip) => cardButton(trip, "🙋") ?? cardRow(trip),
    done: (trip) => Boolean(card(trip)) && !has(trip, "🙋"),
  },
  {
    key: "answer", pane: "group",
    target: (trip) => asked(trip) || (replying(trip) ? composer(trip, "group") : cardRow(trip)),
    done: (trip) => marker(card(trip)) === "🟢",
    sample: "reply",
  },
  {
    key: "freeze", pane: "group",
    target: (trip) => cardButton(trip, "🟡") ?? cardRow(trip),
    done: (trip) => marker(card(trip)) === "🟡",
  },
  {
    key: "again", pane: "customer",
    target: (trip) => composer(trip, "customer"),
    done: (trip) => newer(trip, "customer").some((one) => !one.from.bot) && ["🔴", "⭕"].includes(marker(card(trip))),
    sample: "write",
  },
  {
    key: "view", pane: "group",
    target: (trip) => composer(trip, "group"),
    done: (trip) => newer(trip, "group").some((one) => one.from.bot && one.reply_to?.id > trip.mark.group),
    sample: "write",
  },
  {
    key: "overdue", pane: "machine",
    target: () => document.querySelector(".leaps [data-leap='604800']"),
    done: (trip) => newer(trip, "channel").includes(alert(trip)),
  },
  {
    key: "open", pane: "channel",
    target: (trip) => alertButtons(trip) || (alert(trip) && row(trip, "channel", alert(trip).id)),
    done: (trip) => trip.went,
    // In a plain group messages have no addresses: there is nothing to press, only to read.
    plain: (trip) => !alertButtons(trip),
  },
  {
    key: "resolve", pane: "group",
    target: (trip) => cardRow(trip)?.querySelector(".inline") ?? cardRow(trip),
    done: (trip) => newer(trip, "customer").some((one) => one.from.bot && one.buttons?.length) || marker(card(trip)) === "⚪",
  },
  {
    key: "close", pane: "customer",
    target: (trip) => lastButtons(trip, "customer"),
    // The card follows at the pace of the group; the customer sees it at once.
    done: (trip) => marker(card(trip)) === "⚪" || answered(trip),
  },
];

/** @returns {Mark} */
export const markNow = (panes) => Object.fromEntries(["customer", "group", "channel"].map((key) => [key, panes[key].ctx.chat()?.messages.at(-1)?.id ?? 0]));

/** Who the tour plays: a customer who has not begun, so that its first step has something to do; best one who speaks as the page does. */
export function newcomer() {
  const { chats, people } = store.world;
  const fresh = [...chats.values()].filter((one) => one.kind === "private" && one.access === "never").map((one) => people.get(one.person));
  const customers = fresh.filter((one) => one?.role === "customer");
  return (customers.find((one) => one.language.startsWith(language())) ?? customers[0])?.id;
}
