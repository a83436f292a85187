// Inline keyboards under messages, and reply keyboards under the text field.

import { el, icon, toast } from "./dom.js";
import { press, send } from "./actions.js";
import { reported } from "./live.js";
import { pickChat } from "./picker.js";
import { pressKey } from "./api.js";
import { personName } from "./format.js";
import { openMiniApp } from "./miniapp.js";
import { chatKey, openChat, replyKeyboard, state, takeMessages } from "./store.js";

export function inlineKeyboard(chat, message) {
  const rows = message.reply_markup.inline_keyboard.map((buttons, row) =>
    el(
      "div",
      { class: "keys-row" },
      buttons.map((button, column) => inlineButton(chat, message, button, { row, column })),
    ),
  );
  return el("div", { class: "keys inline", role: "group", "aria-label": "Buttons of the message" }, rows);
}

function inlineButton(chat, message, button, place) {
  const mark = button.url
    ? icon("link")
    : button.copy_text
      ? icon("copy")
      : button.web_app
        ? icon("app")
        : null;
  const node = el("button", { class: "key", type: "button" }, el("span", { text: button.text }), mark);
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    await reported(press(chat, message, button, place));
    node.removeAttribute("aria-busy");
  });
  return node;
}

/** The keyboard a bot put under the text field. */
export function replyKeys(markup) {
  const rows = markup.keyboard.map((buttons) => el("div", { class: "keys-row" }, buttons.map(replyButton)));
  return el(
    "div",
    {
      class: markup.resize_keyboard ? "keys reply" : "keys reply tall",
      role: "group",
      "aria-label": "Answers the bot offers",
    },
    rows,
  );
}

function replyButton(button) {
  const label = typeof button === "string" ? button : button.text;
  return el(
    "button",
    { class: "key", type: "button", on: { click: () => answer(button, label) } },
    el("span", { text: label }),
  );
}

function answer(button, label) {
  const chat = openChat();
  if (button.web_app) return reported(openApp(chat, button));
  if (button.request_chat) return shareChat(chat, label, button.request_chat);
  if (button.request_users) return sharePeople(chat, label, button.request_users);
  if (button.request_poll) return toast("Polls do not exist in the local Telegram");
  if (button.request_contact || button.request_location) return reported(pressed(chat, label));
  return reported(send(chat, { text: label }));
}

/** Press a special key of the keyboard on screen; the server makes the message of it. */
async function pressed(chat, label, extra = {}) {
  const { message_id: message } = replyKeyboard(chatKey(chat));
  const body = { from: state.me.id, button: label, ...extra };
  const { messages } = await pressKey(chat, message, body);
  takeMessages(chatKey(chat), messages);
}

function openApp(chat, button) {
  const { message_id: message } = replyKeyboard(chatKey(chat));
  return openMiniApp(chat, { message, button: button.text }, button.text, { sendsData: true });
}

/** The bot asks for a group or channel; handing one over gives it the rights it asks for. */
function shareChat(chat, label, { chat_is_channel: wanted }) {
  const fitting = state.chats.filter(
    ({ type }) => type !== "private" && (type === "channel") === Boolean(wanted),
  );
  const note = "The bot gets the rights it asks for in the chat you choose.";
  pickChat(wanted ? "Choose a channel" : "Choose a group", note, fitting, (chosen) =>
    pressed(chat, label, { chat: chosen.id }),
  );
}

function sharePeople(chat, label, { max_quantity: most = 1 }) {
  const others = state.people
    .filter(({ id }) => id !== state.me.id)
    .map((person) => ({ id: person.id, type: "private", title: personName(person) }));
  const note =
    most > 1 ? `The bot asks for up to ${most} people; one is enough.` : "The bot learns who it is.";
  pickChat("Choose somebody", note, others, ({ id }) => pressed(chat, label, { users: [id] }));
}

export function shareContact(chat) {
  const { id, first_name: first, last_name: last, phone } = state.me;
  if (!phone)
    return Promise.resolve(toast("This person has no phone number. Make one with a number.", "error"));
  const contact = {
    phone_number: phone,
    first_name: first,
    ...(last ? { last_name: last } : {}),
    user_id: id,
  };
  return send(chat, { contact }, "Contact");
}
