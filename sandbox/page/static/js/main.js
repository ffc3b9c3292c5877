// The page begins here: words and colours, the world, three panes, the controls, the stream, the tour.

import { api } from "./api.js";
import { h } from "./dom.js";
import { startDesk } from "./desk.js";
import { language, startLanguage, t } from "./i18n.js";
import { load, store } from "./store.js";
import { follow } from "./stream.js";
import { startTheme } from "./theme.js";
import { complain } from "./toasts.js";

const AGAIN = 1500; // milliseconds until the server is asked once more

startTheme();
startLanguage();
begin();

async function begin() {
  try {
    await load();
    await welcome();
  } catch (problem) {
    complain(problem);
    setTimeout(begin, AGAIN);
    return;
  }
  startDesk();
  follow();
  document.documentElement.dataset.ready = String(store.world.seq);
}

/** Where nothing has happened yet the desk speaks as the browser does: its people, its chats, its bot. */
async function welcome() {
  if (store.world.language === language()) return;
  const note = h("p.offline", { role: "status" }, t("desk_prepares"));
  document.body.append(note);
  try {
    await api.trouble({ do: "welcome", language: language() });
    await load();
  } finally {
    note.remove();
  }
}
