// The world as the server tells it: a snapshot, and events that change it. Pure: no page, no network.

const LAST = 200; // messages kept per chat, as in the snapshot
const IN_FORUMS = 5; // times as many, in all topics together

/** @param {object} snapshot what GET /page/world answers @param {number} at this browser's time, seconds */
export function fromSnapshot(snapshot, at = Date.now() / 1000) {
  return {
    seq: snapshot.seq,
    language: snapshot.language ?? "ru", // of the company, its people and its bot
    bot: snapshot.bot,
    people: new Map(snapshot.people.map((person) => [person.id, person])),
    chats: new Map(snapshot.chats.map((chat) => [chat.id, readied(chat)])),
    machine: snapshot.machine ?? {},
    faults: snapshot.faults ?? [],
    offset: snapshot.offset ?? 0,
    skew: snapshot.now - at, // world time minus this browser's
  };
}

/** @returns {Set<string>} what changed: "chat:ID", "chats", "people", "machine", "faults", "clock" */
export function apply(world, kind, data, at = Date.now() / 1000) {
  const changed = new Set();
  CHANGES[kind]?.(world, data, changed, at);
  return changed;
}

/** What may hang about a chat, and which event tells of it. */
const CHAT_FIELDS = ["pinned", "pins", "keyboard", "keyboards", "commands", "commands_for", "menu", "description", "typing"];

const furnish = (world, data, changed) => withChat(world, data, changed, (chat) => {
  for (const name of CHAT_FIELDS) if (name in data) chat[name] = data[name];
});

const CHANGES = {
  message: (world, data, changed) => withChat(world, data, changed, (chat) => put(chat, data)),
  edit: (world, data, changed) => withChat(world, data, changed, (chat) => {
    if (chat.messages.some((one) => one.id === data.id)) put(chat, data);
  }),
  delete: (world, data, changed) => withChat(world, data, changed, (chat) => {
    chat.messages = chat.messages.filter((one) => one.id !== data.message);
  }),
  reactions: (world, data, changed) => withChat(world, data, changed, (chat) => {
    chat.messages = chat.messages.map((one) => (one.id === data.message ? { ...one, reactions: data.reactions } : one));
  }),
  pin: furnish,
  keyboard: furnish,
  commands: furnish,
  typing: furnish,
  bot: (world, data, changed) => { world.bot = data; changed.add("chats"); },
  people: (world, data, changed) => {
    world.people = new Map(data.people.map((person) => [person.id, person]));
    changed.add("people");
  },
  chats: (world, data, changed) => {
    const before = world.chats;
    world.chats = new Map(data.chats.map((chat) => [chat.id, readied({ ...chat, messages: before.get(chat.id)?.messages })]));
    changed.add("chats");
  },
  clock: (world, data, changed, at) => {
    world.skew = data.now - at;
    world.offset = data.offset ?? world.offset;
    changed.add("clock");
  },
  machine: (world, data, changed) => { world.machine = data; changed.add("machine"); },
  faults: (world, data, changed) => { world.faults = data.faults; changed.add("faults"); },
};

function withChat(world, data, changed, change) {
  const chat = world.chats.get(data.chat);
  if (!chat) return;
  change(chat);
  changed.add(`chat:${data.chat}`);
}

const readied = (chat) => ({ ...chat, messages: [...(chat.messages ?? [])].sort((a, b) => a.id - b.id) });

/** Nearly always the newest; else it finds its place. The list is a new one: who holds the old one sees the change. */
function put(chat, message) {
  const list = chat.messages.slice(-LAST * (chat.topics?.length ? IN_FORUMS : 1));
  let at = list.length;
  while (at > 0 && list[at - 1].id > message.id) at -= 1;
  if (at > 0 && list[at - 1].id === message.id) list[at - 1] = message;
  else list.splice(at, 0, message);
  chat.messages = list;
}
