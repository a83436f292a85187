// What stands in an empty chat: what it is for, and first acts that one press carries out.

import { el, icon } from "./dom.js";
import { send } from "./actions.js";
import { review } from "./attach.js";
import { reported } from "./live.js";
import { REQUESTS, samplePhotos } from "./samples.js";
import { chatTitle, mayWrite, standing } from "./store.js";

export function emptyHint(chat) {
  if (chat.type === "channel")
    return hint("megaphone", chatTitle(chat), "What is posted to this channel appears here.");
  if (chat.type === "private") return botHint(chat);
  return hint(
    "people",
    chatTitle(chat),
    "Write here, or send a photo with a request number as its caption.",
    requestRow(chat),
  );
}

function hint(glyph, title, words, ...more) {
  return el(
    "div",
    { class: "hint" },
    el("span", { class: "hint-icon" }, icon(glyph)),
    el("h2", { text: title }),
    el("p", { text: words }),
    ...more,
  );
}

function botHint(chat) {
  const start = el("button", {
    class: "button primary",
    type: "button",
    text: "Send /start",
    on: { click: () => reported(send(chat, { text: "/start" })) },
  });
  const photo = el(
    "button",
    { class: "button", type: "button", on: { click: () => offer(["tap"], "") } },
    icon("image"),
    "Sample photo",
  );
  return hint(
    "send",
    "Send /start or drop a photo",
    `${chatTitle(chat)} keeps what you send and hands it back. Files can be dropped anywhere, pasted, or chosen with the paper clip.`,
    el("div", { class: "hint-row" }, start, photo),
    requestRow(chat),
  );
}

/** Tenants send photos for a request; staff also look at what has come. */
function requestRow(chat) {
  if (!mayWrite(chat)) return null;
  const looks = standing() === "tenant" ? [] : REQUESTS.map((request) => lookKey(chat, request));
  const keys = [...REQUESTS.map(photoKey), ...looks];
  return el(
    "div",
    { class: "hint-requests" },
    el("small", { text: "Or try it with a request number:" }),
    el("div", { class: "hint-row" }, keys),
  );
}

function photoKey({ number, caption, draw }) {
  return el(
    "button",
    {
      class: "chip",
      type: "button",
      title: `Look at sample photos for request ${number} before they are sent`,
      on: { click: () => offer(draw, caption) },
    },
    icon("image"),
    `#${number}`,
  );
}

function lookKey(chat, { number }) {
  const text = `/request ${number}`;
  return el("button", {
    class: "chip",
    type: "button",
    text,
    on: { click: () => reported(send(chat, { text })) },
  });
}

const offer = (names, caption) =>
  reported(samplePhotos(names).then((files) => review(files, false, caption)));
