// What the paper clip offers: own files first, then examples for who has none at hand.

import { t } from "../i18n.js";
import { openMenu } from "../panes/head.js";
import { person } from "../store.js";
import { sampleFilm, samplePhotos, sampleSound, sampleText } from "./samples.js";

/** @param {import("../panes/pane.js").Context} ctx @param {HTMLElement} button @param {ReturnType<import("./attach.js").watchFiles>} files */
export function attachMenu(ctx, button, files) {
  const simple = (kind, extra = {}) => () => ctx.act({ do: kind, ...extra });
  const made = (kind, make) => async () => ctx.act({ do: kind, files: [await make()] });
  openMenu(button, [
    ["image", t("attach_photo"), () => files.choose("image/*,video/*")],
    ["file", t("attach_file"), () => files.choose("")],
    ["image", t("sample_photo"), async () => files.offer(await samplePhotos(1))],
    ["images", t("sample_album"), async () => files.offer(await samplePhotos(3))],
    ["video", t("kind_video"), made("video", sampleFilm)],
    ["round", t("kind_video_note"), made("video_note", sampleFilm)],
    ["mic", t("kind_voice"), made("voice", () => sampleSound("voice.wav"))],
    ["music", t("kind_audio"), made("audio", () => sampleSound("melody.wav"))],
    ["file", t("sample_file"), made("document", () => sampleText(person(ctx.actor()).language))],
    ["sticker", t("kind_sticker"), simple("sticker", { demo: "sticker" })],
    ["place", t("kind_location"), simple("location")],
    ["place", t("kind_venue"), simple("venue")],
    ["person", t("kind_contact"), simple("contact")],
    ["poll", t("kind_poll"), simple("poll")],
    ["dice", t("kind_dice"), simple("dice")],
  ]);
}
