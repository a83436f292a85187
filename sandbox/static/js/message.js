// One bubble: a message, or an album, which people see as one.

import { avatar, el, icon, iconButton } from "./dom.js";
import { clockTime, fullTime, personName } from "./format.js";
import { richText } from "./entities.js";
import { mediaView } from "./media.js";
import { isVisual, kindOf, service, summary } from "./summary.js";
import { inlineKeyboard } from "./keyboard.js";
import { messageMenu, ownReaction } from "./messagemenu.js";
import { react } from "./actions.js";
import { reported } from "./live.js";
import { faceUrl } from "./api.js";
import { isMine, isRead, personById, thread, chatKey } from "./store.js";

/**
 * The element of a unit. `unit`: {messages, first, last}; first and last tell the place in a run
 * of one sender's messages. `view`: {chat, onCommand, onJump}.
 */
export function unitView(unit, view) {
  const [head] = unit.messages;
  const said = service(head);
  if (said && !kindOf(head)) return el("div", { class: "service", text: said });
  const mine = isMine(head);
  const post = view.chat.type === "channel";
  const bubble = el("div", { class: bubbleClass(unit, post) });
  if (unit.first && !mine && view.chat.type !== "private") bubble.append(senderName(head));
  bubble.append(...parts(unit, view));
  const place = (event) =>
    messageMenu(view.chat, unit.messages, { x: event.clientX, y: event.clientY }, marked(bubble, head));
  const more = iconButton(
    "more",
    "Message actions",
    (event) => messageMenu(view.chat, unit.messages, corner(event.currentTarget)),
    "bubble-more",
  );
  const body = el(
    "div",
    { class: "bubble-column" },
    el("div", { class: "bubble-row" }, bubble, more),
    ...below(unit, view),
  );
  const face = !mine && view.chat.type !== "private" && !post ? faceOf(head, unit.last) : null;
  const row = el(
    "article",
    {
      class: rowClass(unit, mine, post),
      "aria-label": spoken(unit, mine),
      "data-id": head.message_id,
      tabindex: "-1",
    },
    face,
    body,
  );
  onLongPress(bubble, place);
  return row;
}

/** A right click, or a long touch where the browser makes no contextmenu of it (iOS). `open` gets a point. */
function onLongPress(bubble, open) {
  let timer = null;
  const forget = () => clearTimeout(timer);
  bubble.addEventListener("contextmenu", (event) => {
    forget();
    if (event.target.closest(".words a, video")) return;
    event.preventDefault();
    open(event);
  });
  bubble.addEventListener("touchstart", ({ touches }) => (timer = setTimeout(open, 600, touches[0])), {
    passive: true,
  });
  for (const name of ["touchend", "touchmove", "touchcancel"])
    bubble.addEventListener(name, forget, { passive: true });
}

/** The words of a message that are marked: what a reply quotes. */
function marked(bubble, message) {
  const selection = getSelection();
  const part = selection.toString().trim();
  const whole = message.text ?? message.caption ?? "";
  return part && bubble.contains(selection.anchorNode) && whole.includes(part) ? part : null;
}

function corner(button) {
  const { left, bottom } = button.getBoundingClientRect();
  return { x: left, y: bottom };
}

const rowClass = (unit, mine, post) =>
  [
    "message",
    mine && !post ? "mine" : "theirs",
    post ? "post" : "",
    unit.first ? "first" : "",
    unit.last ? "last" : "",
  ]
    .filter(Boolean)
    .join(" ");

function bubbleClass(unit, post) {
  const [head] = unit.messages;
  const visual = unit.messages.every(isVisual);
  const bare = ["sticker", "video_note"].includes(kindOf(head));
  const words = unit.messages.some((message) => message.caption || message.text);
  return [
    "bubble",
    visual ? "visual-bubble" : "",
    visual && !words ? "only-visual" : "",
    bare ? "bare" : "",
    post ? "wide" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function senderName(message) {
  const who = message.sender_chat || message.from;
  const signed = message.author_signature ? ` · ${message.author_signature}` : "";
  return el("div", { class: `sender hue-${Math.abs(who?.id || 0) % 7}`, text: personName(who) + signed });
}

function faceOf(message, last) {
  const who = message.sender_chat || message.from;
  if (!last) return el("span", { class: "avatar gap" });
  const person = personById(message.sender_chat ? null : who?.id);
  return avatar(who?.id || 0, personName(who), null, faceUrl(person));
}

function spoken(unit, mine) {
  const [head] = unit.messages;
  const who = mine ? "You" : personName(head.sender_chat || head.from);
  const many = unit.messages.length > 1 ? `album of ${unit.messages.length}, ` : "";
  return `${who}, ${clockTime(head.date)}: ${many}${summary(head)}`;
}

function parts(unit, view) {
  const [head] = unit.messages;
  const nodes = [forwarded(head), via(head), quote(head, view) || outside(head)];
  if (unit.messages.length > 1) nodes.push(album(unit.messages, view));
  else nodes.push(mediaView(head));
  const captioned = unit.messages.filter((message) => message.caption);
  const texted =
    head.text !== undefined
      ? head
      : captioned.length === 1 || unit.messages.every(isVisual)
        ? captioned[0]
        : null;
  if (texted) nodes.push(words(texted, view));
  if (!nodes.some(Boolean))
    nodes.push(el("div", { class: "words odd", text: "A message of a kind this page cannot show" }));
  nodes.push(meta(unit));
  return nodes.filter(Boolean);
}

function words(message, view) {
  const isCaption = message.text === undefined;
  const entities = isCaption ? message.caption_entities : message.entities;
  return el(
    "div",
    { class: "words", dir: "auto" },
    richText(isCaption ? message.caption : message.text, entities, view.onCommand),
  );
}

function album(messages, view) {
  const visual = messages.every(isVisual);
  const several = messages.filter((message) => message.caption).length > 1;
  const cells = messages.map((message) => {
    const note = several && !visual && message.caption ? words(message, view) : null;
    return el("div", { class: "album-cell", "data-id": message.message_id }, mediaView(message), note);
  });
  return el(
    "div",
    { class: visual ? `album visual-album n${Math.min(messages.length, 10)}` : "album" },
    cells,
  );
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const from = origin.sender_user || origin.sender_chat || origin.chat;
  return el("div", {
    class: "forwarded",
    text: `Forwarded from ${from ? personName(from) : origin.sender_user_name || "someone"}`,
  });
}

function quote(message, view) {
  const to = message.reply_to_message;
  if (!to) return null;
  const name = el("strong", { text: personName(to.sender_chat || to.from) });
  const known = thread(chatKey(view.chat)).messages.get(to.message_id) || to;
  return el(
    "button",
    {
      class: "quote",
      type: "button",
      "aria-label": `In reply to: ${summary(known)}`,
      on: { click: () => view.onJump(to.message_id) },
    },
    name,
    el("span", { text: message.quote?.text || summary(known) }),
  );
}

/** A reply to a message of another chat. */
function outside(message) {
  const from = message.external_reply;
  if (!from) return null;
  const origin = from.origin.sender_user || from.origin.sender_chat || from.origin.chat;
  const name = origin ? personName(origin) : from.origin.sender_user_name || "another chat";
  return el(
    "div",
    { class: "quote" },
    el("strong", { text: name }),
    el("span", { text: message.quote?.text || summary(from) }),
  );
}

const via = (message) =>
  message.via_bot ? el("div", { class: "forwarded", text: `via @${message.via_bot.username}` }) : null;

function meta(unit) {
  const [head] = unit.messages;
  const edited = unit.messages.some((message) => message.edited || message.edit_date);
  const when = el("time", {
    datetime: new Date(head.date * 1000).toISOString(),
    title: fullTime(head.date),
    text: clockTime(head.date),
  });
  const ticks = isMine(head) ? tick(unit.messages.at(-1)) : null;
  return el(
    "span",
    { class: "meta" },
    edited ? el("span", { class: "edited", text: "edited" }) : null,
    when,
    ticks,
  );
}

/** One tick: it is in the chat. Two: the bot has it. */
function tick(message) {
  const read = isRead(message);
  const words = read ? "Read" : "Sent";
  return el(
    "span",
    { class: "tick", role: "img", "aria-label": words, title: words },
    icon(read ? "checks" : "check"),
  );
}

function below(unit, view) {
  const [head] = unit.messages;
  const withKeys = unit.messages.find((message) => message.reply_markup?.inline_keyboard);
  return [reactions(view.chat, head), withKeys ? inlineKeyboard(view.chat, withKeys) : null].filter(Boolean);
}

function reactions(chat, message) {
  const counts = new Map();
  for (const { emoji } of message.reactions || []) counts.set(emoji, (counts.get(emoji) || 0) + 1);
  if (!counts.size) return null;
  const own = ownReaction(message);
  const chip = ([emoji, count]) => {
    const press = () => reported(react(chat, message, emoji === own ? null : emoji));
    return el("button", {
      class: "reaction",
      type: "button",
      "aria-pressed": String(emoji === own),
      "aria-label": `${emoji} ${count}`,
      text: count > 1 ? `${emoji} ${count}` : emoji,
      on: { click: press },
    });
  };
  return el("div", { class: "reactions" }, [...counts].map(chip));
}
