// Several pictures as one grid, several files as one list.

import { h } from "../dom.js";
import { file, picture } from "./media.js";
import { voice } from "./voice.js";

export function album(ctx, messages) {
  const files = messages.every((one) => ["document", "audio"].includes(one.media?.kind));
  if (files) return h("div.album.files", {}, messages.map((one) => (one.media.kind === "audio" ? voice(one, one.media) : file(one.media))));
  const shown = messages.filter((one) => one.media);
  return h("div.album", { class: `n${Math.min(shown.length, 10)}` }, shown.map((one) => {
    const node = picture(ctx, one, one.media);
    node.dataset.part = one.id;
    return node;
  }));
}
