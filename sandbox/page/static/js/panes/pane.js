// One pane: somebody looks at a chat and acts in it.

import { makeComposer } from "../composer/composer.js";
import { h, perFrame } from "../dom.js";
import { t } from "../i18n.js";
import { api } from "../api.js";
import { followLink } from "../links.js";
import { on, person } from "../store.js";
import { complain, toast } from "../toasts.js";
import { chatTitle } from "../titles.js";
import { makeBlank } from "./blank.js";
import { makeHead } from "./head.js";
import { makeList } from "./list.js";
import { makePeople } from "./people.js";
import { makePinned } from "./pinned.js";
import { makeTopics } from "./topics.js";

/**
 * @typedef {object} Context what the parts of a pane know of it
 * @property {string} key customer, group or channel
 * @property {() => object|undefined} chat
 * @property {() => number} actor who acts here
 * @property {(body: object) => Promise<object|null>} act do something as the actor; null when it was refused (and said so)
 * @property {Set<string>} waiting buttons whose answer has not come: "message:row:column"
 */

/**
 * @param {HTMLElement} section
 * @param {{key: string, groups: string[][], chatOf: (actor: number) => object|undefined, first: () => number, add?: () => void, menu: (ctx: Context) => Array}} what
 */
export function makePane(section, { key, groups, chatOf, first, add, menu }) {
  let actor = first();
  const ctx = {
    key,
    section,
    waiting: new Set(),
    actor: () => actor,
    actorName: () => person(actor)?.name ?? "",
    chat: () => chatOf(actor),
    title: () => (ctx.chat() ? chatTitle(ctx.chat()) : t("no_chat")),
    visible: () => section.offsetParent !== null && document.visibilityState === "visible",
    isAdmin: () => ctx.chat()?.admins?.includes(actor) ?? false,
    mayWrite: () => mayWrite(ctx.chat(), actor),
    become(id) { actor = id; ctx.waiting.clear(); refresh(); },
    async act(body) {
      try {
        return await api.act({ as: actor, chat: ctx.chat()?.id, topic: topics.current() ?? undefined, ...body });
      } catch (problem) {
        complain(problem, section);
        return null;
      }
    },
    say: (text) => ctx.act({ do: "say", text }),
    reply: (id, quoted) => composer.reply(id, quoted),
    edit: (id) => composer.edit(id),
    topic: () => topics.current(),
    writesIn: () => topics.current() ?? topics.GENERAL, // the same before and after topics are switched on
    read: (topic) => topics.choose(topic),
    messages: () => topics.messages(),
    topicClosed: () => topics.closed(),
    jump: (id) => { bring(id); return list.jump(id); },
    answered(message) {
      for (const one of ctx.waiting) if (one.startsWith(`${message}:`)) ctx.waiting.delete(one);
      for (const node of list.rowOf(message)?.querySelectorAll(".waiting") ?? []) { node.classList.remove("waiting"); node.removeAttribute("aria-busy"); }
    },
    acts: {
      command: (text) => ctx.mayWrite() && ctx.say(text),
      link: (url) => followLink(ctx, url),
      mention: (who) => composer.insert(who.username ? `@${who.username} ` : `${who.first_name ?? ""} `),
      hashtag: (text) => toast(text, section),
    },
  };
  const field = h("div.field");
  const head = makeHead(ctx, () => menu(ctx));
  const crowd = makePeople(ctx, { groups, add });
  const topics = makeTopics(ctx, () => { refresh(); list.now(); });
  const pinned = makePinned(ctx);
  const list = makeList(ctx, field);
  const blank = makeBlank(ctx, field);
  const composer = makeComposer(ctx, field);
  section.replaceChildren(crowd.row, head.head, topics.bar, pinned.bar, field, composer.node);
  for (const part of [crowd.row, head.head, topics.bar, pinned.bar]) part.classList.add("above");

  function refresh() {
    section.setAttribute("aria-label", t(`pane_${key}`));
    crowd.refresh();
    around();
    list.refresh();
  }
  /** All but the list: cheap, and nothing there moves. */
  function around() {
    head.refresh();
    topics.refresh();
    pinned.refresh();
    blank.refresh();
    composer.refresh();
  }
  /** The topic in which the message stands comes forward. */
  function bring(id) {
    const message = ctx.chat()?.messages.find((one) => one.id === id);
    if (message && topics.current() !== null) topics.choose(message.topic ?? topics.GENERAL);
  }
  const soon = perFrame(around);
  on("chatchange", (id) => { if (id === ctx.chat()?.id) { list.refresh(); soon(); } });
  for (const topic of ["reset", "chats", "people"]) on(topic, () => { if (!person(actor)) actor = first(); refresh(); });
  on("unread", perFrame(() => { crowd.refresh(); list.badge(); }));
  on("ticks", () => list.redraw());
  on("toast", (answer) => answerCame(ctx, answer));
  return { ctx, list, composer, field, refresh, bring, redraw: () => { refresh(); list.redraw(); composer.renew(); } };
}

/** Telegram lets write: members, admins in a channel, whoever has started the bot and not blocked it. */
function mayWrite(chat, actor) {
  if (!chat || chat.migrated_to) return false;
  if (chat.kind === "private") return chat.access ? chat.access === "started" : chat.messages.length > 0;
  if (chat.kind === "channel") return chat.admins?.includes(actor) ?? false;
  return chat.members.includes(actor);
}

/** The answer to a press: the spinner ends, and the words appear where it was pressed. */
async function answerCame(ctx, { person: who, chat, message, text, alert, url }) {
  if (chat !== ctx.chat()?.id || who !== ctx.actor()) return;
  ctx.answered(message);
  if (url) followLink(ctx, url);
  if (!text) return;
  if (!alert) { toast(text, ctx.section); return; }
  const { ask } = await import("../toasts.js");
  await ask({ body: [h("p", { dir: "auto" }, text)], className: "alert" });
}
