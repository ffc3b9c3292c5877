// A message in a few words: for quotes, the pinned bar, the announcer.

import { language, t } from "../i18n.js";

/** @param {string} kind as in Telegram: photo, voice… */
export const kindName = (kind) => {
  const name = t(`kind_${kind}`);
  return name === `kind_${kind}` ? t("kind_other") : name;
};

/** The first line of the words, or what it is. @param {object} message */
export function summary(message, most = 120) {
  if (message.service) return language() === "en" ? message.service_en ?? message.service : message.service;
  const text = (message.text ?? message.caption ?? "").replace(/\s+/g, " ").trim();
  const kind = message.media?.kind;
  if (!kind) return text.slice(0, most);
  return text ? `${kindName(kind)}, ${text.slice(0, most)}` : kindName(kind);
}
