// The page begins here: words and colours, the world, three panes, the machine room, the stream, the tour.

import { startDesk } from "./desk.js";
import { startLanguage } from "./i18n.js";
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
  } catch (problem) {
    complain(problem);
    setTimeout(begin, AGAIN);
    return;
  }
  startDesk();
  follow();
  document.documentElement.dataset.ready = String(store.world.seq);
}
