// The page's own words. What the bot says comes from the bot.

import { useLocale } from "./format.js";
import { keep, kept } from "./theme.js";
import { en } from "./words/en.js";
import { ru } from "./words/ru.js";

const WORDS = { ru, en };
const KEY = "frontdoor.language";
let current = "ru";
let plural = new Intl.PluralRules("ru");

/** Russian first: other languages than English and Russian read English. */
export function startLanguage() {
  const wished = kept(KEY) ?? (navigator.language || "ru");
  const slavic = /^(ru|be|uk|kk|ky|uz|tg|hy|az)\b/i;
  use(slavic.test(wished) ? "ru" : "en");
}

export const language = () => current;

export function switchLanguage() {
  keep(KEY, current === "ru" ? "en" : "ru");
  use(current === "ru" ? "en" : "ru");
}

function use(code) {
  current = code;
  plural = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  useLocale(code);
}

/** A word in the language of somebody's app, whatever language the page is in. @param {string} code */
export const wordsOf = (code, key) => WORDS[code?.startsWith("ru") ? "ru" : "en"][key];

/** t("members", {count: 3}) → «3 участника». {name} stands for a fact; a plural is a table by category. */
export function t(key, facts = {}) {
  const found = WORDS[current][key] ?? WORDS.en[key] ?? key;
  const text = typeof found === "string" ? found : found[plural.select(facts.count)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}
