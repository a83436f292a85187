// Inline keyboards under messages, and reply keyboards under the text field.

import { el, icon, toast } from "./dom.js";
import { press, send } from "./actions.js";
import { reported } from "./live.js";
import { pickChat } from "./picker.js";
import { openMiniApp } from "./miniapp.js";
import { chatKey, chatTitle, openChat, replyKeyboard, state } from "./store.js";

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
  if (button.request_contact) return reported(shareContact(chat));
  if (button.request_chat) return shareChat(chat, button.request_chat);
  if (button.web_app) return reported(openApp(chat, button));
  if (button.request_location) return reported(send(chat, { location: TASHKENT }, "Location"));
  const special = ["request_poll", "request_users"].find((key) => button[key]);
  if (special) return toast("This kind of button does nothing in the local Telegram");
  return reported(send(chat, { text: label }));
}

const TASHKENT = { latitude: 41.3111, longitude: 69.2797 };

function openApp(chat, button) {
  const { message_id: message } = replyKeyboard(chatKey(chat));
  return openMiniApp(chat, { message, button: button.text }, button.text, { sendsData: true });
}

/** The bot asks for a group or channel; handing one over makes the bot its administrator. */
function shareChat(chat, { request_id, chat_is_channel: wanted }) {
  const fitting = state.chats.filter(
    ({ type }) => type !== "private" && (type === "channel") === Boolean(wanted),
  );
  const note = "The bot becomes an administrator of the chat you choose.";
  pickChat(wanted ? "Choose a channel" : "Choose a group", note, fitting, (chosen) =>
    send(chat, { chat_shared: { request_id, chat_id: chosen.id } }, chatTitle(chosen)),
  );
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
