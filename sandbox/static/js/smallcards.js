// Messages without a file that are no text either: contacts, places, dice.

import { el, icon } from "./dom.js";

function card(glyph, title, detail) {
  return el(
    "div",
    { class: "file" },
    el("span", { class: "file-face", "aria-hidden": "true" }, icon(glyph)),
    el(
      "span",
      { class: "file-words" },
      el("span", { class: "file-name", text: title }),
      el("span", { class: "file-size", text: detail }),
    ),
  );
}

export const contact = ({ contact: { first_name: first, last_name: last, phone_number: phone } }) =>
  card("phone", [first, last].filter(Boolean).join(" "), phone);

const place = ({ latitude, longitude }) => `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
export const location = ({ location: at }) => card("pin", "Location", place(at));
export const venue = ({ venue: { title, address, location: at } }) =>
  card("pin", title, address || place(at));

export const dice = ({ dice: { emoji, value } }) =>
  el(
    "div",
    { class: "dice", role: "img", "aria-label": `${emoji} ${value}` },
    emoji,
    el("strong", { text: value }),
  );
