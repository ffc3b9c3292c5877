// Figures as people write them. Pure but for the reader's own locale and zone; nothing here touches the page.

/** The reader's way to write times: the page's language, in the browser's own variant of it. */
let locale = "ru";
export function useLocale(language) {
  const own = globalThis.navigator?.languages?.find((name) => name.startsWith(language));
  locale = own ?? (language === "en" ? "en-GB" : "ru-RU");
  kept.clear();
}

const kept = new Map(); // Intl objects are dear to make
function formatter(options) {
  const key = JSON.stringify(options);
  if (!kept.has(key)) kept.set(key, new Intl.DateTimeFormat(locale, options));
  return kept.get(key);
}
const written = (seconds, options) => formatter(options).format(new Date(seconds * 1000));

/** @param {number} seconds Unix time */
export const clockTime = (seconds) => written(seconds, { hour: "2-digit", minute: "2-digit" });
export const fullTime = (seconds) => written(seconds, { dateStyle: "full", timeStyle: "medium" });
export const shortMoment = (seconds) => written(seconds, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
export const weekday = (seconds) => written(seconds, { weekday: "short", day: "numeric", month: "long" });
/** The same for all moments of one day of the reader's. */
export const dayKey = (seconds) => {
  const hour = Math.floor(seconds / 900); // every zone's midnight is at a quarter of an hour
  if (!days.has(hour)) days.set(hour, new Date(seconds * 1000).toDateString());
  return days.get(hour);
};
const days = new Map();

/** Today, yesterday, 21 November, 21 November 2025. */
export function dayName(seconds, now) {
  const days = Math.round((new Date(dayKey(now)) - new Date(dayKey(seconds))) / 86_400_000);
  if (days === 0 || days === 1 || days === -1) return capital(relative(-days, "day"));
  const sameYear = new Date(seconds * 1000).getFullYear() === new Date(now * 1000).getFullYear();
  return written(seconds, { day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

function relative(count, unit) {
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(count, unit);
}

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/** “in 3 hours”, “2 days ago”. @param {number} seconds from now; may be negative */
export function fromNow(seconds) {
  const [unit, length] = UNITS.find(([, long]) => Math.abs(seconds) >= long) ?? UNITS.at(-1);
  return relative(Math.trunc(seconds / length), unit);
}

/** “2 d 23 h”, “5 min”: how long, in the two largest units. @param {number} seconds */
export function span(seconds) {
  let left = Math.abs(Math.round(seconds));
  const parts = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count || (unit === "second" && !parts.length)) parts.push(counted(count, unit));
    else if (parts.length) break;
    if (parts.length === 2 || (unit === "minute" && parts.length)) break;
  }
  return parts.join(" ");
}

const counted = (count, unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(count);

/** The formats of a date_time entity: r | w?[dD]?[tT]? (Bot API); "" shows the text as it is. */
export function dateTime(seconds, format, now) {
  if (format === "r") return fromNow(seconds - now);
  const options = {};
  if (format.includes("w")) options.weekday = format.includes("D") ? "long" : "short";
  if (format.includes("d")) Object.assign(options, { day: "2-digit", month: "2-digit", year: "2-digit" });
  if (format.includes("D")) Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  if (/[tT]/.test(format)) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
  if (format.includes("T")) options.second = "2-digit";
  return Object.keys(options).length ? written(seconds, options) : "";
}

/** 0:07, 12:30, 1:02:03. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds ?? 0));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");
}

/** 512 Б, 1,4 МБ. */
export function bytes(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let at = 0;
  let value = size;
  while (value >= 1000 && at < 3) { value /= 1000; at += 1; }
  return new Intl.NumberFormat(locale, { style: "unit", unit: units[at], unitDisplay: "short", maximumFractionDigits: value < 10 && at ? 1 : 0 }).format(value);
}

export const whole = (number) => new Intl.NumberFormat(locale).format(number);

/** “АС” for Анна Смирнова: the first sign of the first and the last word that has a letter. */
export function initials(name) {
  const words = String(name).normalize("NFC").match(/[\p{L}\p{N}][^\s]*/gu) ?? ["?"];
  const first = (word) => [...word][0].toLocaleUpperCase();
  return words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0]);
}

/** One of Telegram's seven colours, the same for the same person everywhere. */
export const colour = (id) => Math.abs(Number(id) || 0) % 7;

/** A message of up to three emoji and nothing else is shown large. */
export function jumbo(text) {
  if (!text || text.length > 24) return false;
  return /^(?:\p{Extended_Pictographic}(?:\uFE0F|[\u{1F3FB}-\u{1F3FF}]|\u200D\p{Extended_Pictographic})*\s*){1,3}$/u.test(text);
}

const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
