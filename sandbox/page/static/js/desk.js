// Who looks at what: the customer, the group, the channel, the controls beside them.

import { api } from "./api.js";
import { startAnnouncer } from "./announcer.js";
import { t } from "./i18n.js";
import { ask } from "./machine/ask.js";
import { makeMachine } from "./machine/strip.js";
import { makePane } from "./panes/pane.js";
import { makeTabs } from "./tabs.js";
import { makeTop } from "./top.js";
import { startTicks } from "./ticks.js";
import { startTour } from "./tour/tour.js";
import { startUnread } from "./unread.js";
import { firstChat, now, on, people, person, privateChat, store } from "./store.js";
import { dayKey } from "./format.js";
import { complain } from "./toasts.js";

const byId = (id) => document.getElementById(id);

export function startDesk() {
  startTicks();
  const panes = {
    customer: makePane(byId("pane-customer"), {
      key: "customer", groups: [["customer"], ["operator", "admin"]], chatOf: privateChat,
      first: () => (people("customer")[0] ?? people("operator", "admin")[0])?.id, add: () => addPerson(panes), menu: customerMenu,
    }),
    group: makePane(byId("pane-group"), {
      key: "group", groups: [["operator", "admin"]], chatOf: () => firstChat("group"),
      first: () => (people("operator")[0] ?? people("admin")[0])?.id, menu: (ctx) => roomMenu(ctx),
    }),
    channel: makePane(byId("pane-channel"), {
      key: "channel", groups: [["admin"]], chatOf: () => firstChat("channel"), first: () => people("admin")[0]?.id, menu: (ctx) => roomMenu(ctx),
    }),
  };
  const tabs = makeTabs(byId("tabs"), byId("machine"), panes);
  const machine = makeMachine(byId("machine"), { customer: () => panes.customer.ctx.actor(), close: () => tabs.machine(false) });
  const tour = startTour({ panes, tabs });
  const renew = () => {
    for (const pane of Object.values(panes)) pane.redraw();
    machine.build();
    tabs.refresh();
    top.refresh();
    document.querySelector(".skip").textContent = t("skip");
    tour.words();
  };
  const top = makeTop(byId("top"), { tabs, tour, renew });
  startUnread(panes);
  startAnnouncer(panes);
  on("goto", ({ chat, message }) => goTo(panes, tabs, chat, message));
  on("start", ({ actor, payload }) => startBot(panes, tabs, actor, payload));
  watchDay(panes);
  keys(panes, tabs);
  renew();
  tour.offer();
}

/** A link to a message: the pane that shows its chat comes forward and the message lights up. */
function goTo(panes, tabs, chatId, message) {
  const chat = store.world.chats.get(chatId);
  const pane = Object.values(panes).find((one) => one.ctx.chat()?.id === (chat?.migrated_to ?? chatId)) ?? panes.customer;
  tabs.show(pane.ctx.key);
  pane.bring(message);
  pane.list.now();
  pane.list.jump(message);
}

/** A deep link to the bot: whoever pressed it starts the bot in their own chat. */
async function startBot(panes, tabs, actor, payload) {
  panes.customer.ctx.become(actor);
  tabs.show("customer");
  await panes.customer.ctx.act({ do: "start", chat: privateChat(actor)?.id, payload: payload || undefined });
}

async function addPerson(panes) {
  const given = await ask("add_person", [
    ["name", "text", "", { maxlength: "64", placeholder: t("name_example") }],
    ["language", [["ru", "Русский"], ["en", "English"]], document.documentElement.lang],
    ["role", [["customer", t("role_customer")], ["operator", t("role_operator")]], "customer"],
  ]);
  if (!given) return;
  try {
    const added = await api.act({ as: people("admin", "operator", "customer")[0].id, do: "add_person", ...given });
    const pane = given.role === "operator" ? panes.group : panes.customer;
    const become = () => pane.ctx.become(added.person);
    if (person(added.person)) become(); else { const off = on("people", () => { off(); become(); }); }
  } catch (problem) {
    complain(problem, panes.customer.ctx.section);
  }
}

function customerMenu(ctx) {
  const who = person(ctx.actor());
  const on = Boolean(ctx.chat()?.topics?.length);
  const other = who.language.startsWith("en") ? "ru" : "en";
  return [
    ["compass", t("restart_chat"), () => ctx.act({ do: "start" })],
    ["refresh", t(other === "en" ? "app_english" : "app_russian"), () => ctx.act({ do: "language", code: other })],
    ["bubbles", t(on ? "topics_off" : "topics_on"), () => ctx.act({ do: "topics", enabled: !on })],
    ...(on ? [["plus", t("new_topic"), () => beginTopic(ctx)]] : []),
    ["block", t(who.blocked ? "unblock" : "block_bot"), () => ctx.act({ do: who.blocked ? "unblock" : "block" }), !who.blocked],
  ];
}

/** Telegram's «new chat» in a chat with a bot that has topics; it comes forward. */
async function beginTopic(ctx) {
  const given = await ask("new_topic", [["topic_name", "text", "", { maxlength: "128" }]]);
  if (!given) return;
  const begun = await ctx.act({ do: "new_topic", name: given.topic_name });
  if (begun) ctx.read(begun.topic);
}

function roomMenu(ctx) {
  const chat = ctx.chat();
  const items = [["people", t("show_members"), () => showMembers(chat)]];
  if (chat?.kind === "group" && ctx.isAdmin()) {
    const on = Boolean(chat.topics?.length);
    items.push(["bubbles", t(on ? "topics_off" : "topics_on"), () => ctx.act({ do: "topics", enabled: !on })]);
  }
  if (chat?.pinned) items.push(["pin", t("to_pinned"), () => ctx.jump(chat.pinned)]);
  items.push(["down", t("to_end"), () => document.querySelector(`#pane-${ctx.key} .down`).click()]);
  return items;
}

async function showMembers(chat) {
  const { showPeople } = await import("./panes/members.js");
  showPeople(chat);
}

/** At midnight, or when the clock leaps, “today” is another day. */
function watchDay(panes) {
  let day = dayKey(now());
  const look = () => {
    if (dayKey(now()) === day) return;
    day = dayKey(now());
    for (const pane of Object.values(panes)) pane.list.redraw();
  };
  on("clock", look);
  setInterval(look, 30_000);
}

/** Alt+1…4: from pane to pane. */
function keys(panes, tabs) {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const name = { Digit1: "customer", Digit2: "group", Digit3: "channel", Digit4: "machine" }[event.code];
    if (!name) return;
    event.preventDefault();
    if (name === "machine") { tabs.machine(true); byId("machine").focus(); return; }
    tabs.show(name);
    panes[name].composer.input.offsetParent ? panes[name].composer.focus() : panes[name].list.node.focus();
  });
}
