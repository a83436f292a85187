// Sizes and times for people.

import { locale, t } from "./words.js";

const UNITS = ["b", "kb", "mb", "gb", "tb"];

/** `1.2 GB`; binary steps under their usual names, as phones show them. */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const maximumFractionDigits = unit > 1 && value < 100 ? 1 : 0;
  return t(`unit.${UNITS[unit]}`, {
    value: new Intl.NumberFormat(locale(), { maximumFractionDigits }).format(value),
  });
}

export const speed = (rate) => t("unit.speed", { size: bytes(rate) });

/** What is left: coarse, since it is a guess. */
export function timeLeft(seconds) {
  if (seconds < 10) return t("left.seconds", { count: Math.max(1, Math.ceil(seconds)) });
  if (seconds < 60) return t("left.seconds", { count: Math.ceil(seconds / 5) * 5 });
  if (seconds < 3600) return t("left.minutes", { count: Math.ceil(seconds / 60) });
  return t("left.hours", { count: Math.ceil(seconds / 3600) });
}

/** Facts in a row, which a narrow screen breaks only between two of them. */
export const facts = (parts) => parts.map(unbroken).join("\u00a0· ");
const unbroken = (text) => text.replaceAll(" ", "\u00a0").replaceAll("/", "/\u2060");

export const percent = (part, whole) => Math.floor((100 * part) / Math.max(1, whole));

export function date(text) {
  const options = { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locale(), options).format(new Date(text));
}
