// What a person does: send, press, edit, delete. Each takes the chat, talks to the control API
// and leaves the outcome in the store.

import * as api from "./api.js";
import * as store from "./store.js";
import { toast } from "./dom.js";
import { alertBox } from "./dialog.js";
import { copyText, openLink } from "./links.js";
import { openMiniApp } from "./miniapp.js";
import { pickChat } from "./picker.js";
import { topicField } from "./topics.js";

const { state } = store;
let nextLocalId = 1;

export const fresh = (fields) => ({
  localId: nextLocalId++,
  progress: null,
  error: null,
  abort: null,
  ...fields,
});

const envelope = (chat, fields) => ({
  from: state.me.id,
  ...topicField(chat),
  ...(chat.bot_id ? { bot: chat.bot_id } : {}),
  ...fields,
});

/** Send without bytes of our own: a text, a contact, a pretend file. `label` is what stands there meanwhile. */
export async function send(chat, fields, label = fields.text) {
  const key = store.chatKey(chat);
  const entry = fresh({ label, again: () => send(chat, fields, label) });
  store.addPending(key, entry);
  await settle(key, entry, () => api.sendMessage(chat, envelope(chat, fields)));
}

/** Send files, in one message or one album. `media` describes them in order. */
export async function sendFiles(chat, fields, files, label) {
  const key = store.chatKey(chat);
  const entry = fresh({
    label,
    caption: fields.caption,
    previews: previewsOf(fields.media, files),
    progress: 0,
    again: () => sendFiles(chat, fields, files, label),
  });
  const running = api.sendFiles(chat, envelope(chat, fields), files, (part) => {
    entry.progress = part;
    store.emit("progress", entry);
  });
  entry.abort = running.abort;
  store.addPending(key, entry);
  await settle(key, entry, () => running.done);
}

/** What the sender sees of pictures until the chat has them. */
const previewsOf = (media, files) =>
  media.every(({ kind }) => kind === "photo" || kind === "sticker")
    ? media.map(({ kind, width, height }, at) => ({
        kind,
        width,
        height,
        url: URL.createObjectURL(files[at]),
      }))
    : [];

async function settle(key, entry, work) {
  try {
    const answer = await work();
    store.endPending(key, entry, answer.messages || []);
  } catch (error) {
    if (error.name === "AbortError") return store.endPending(key, entry, []);
    entry.error = error.message;
    store.emit("thread", key);
  }
  return undefined;
}

export function dismiss(chat, entry) {
  store.endPending(store.chatKey(chat), entry, []);
}

/** Press an inline button. Waits for the bot's answer and shows it as Telegram would. */
export async function press(chat, message, button, place) {
  if (button.url) return openLink(button.url);
  if (button.copy_text) return copyText(button.copy_text.text);
  if (button.web_app) return openMiniApp(chat, appOf(message, place), button.text);
  if (button.login_url) return openLink(button.login_url.url);
  const query = button.switch_inline_query_current_chat ?? switched(button);
  if (query !== undefined) return switchInline(message, query, button);
  if (button.callback_data === undefined)
    return toast("This kind of button does nothing in the local Telegram");
  const answer = await api.pressButton(chat, message.message_id, {
    from: state.me.id,
    data: button.callback_data,
    ...place,
  });
  if (answer.url) openLink(answer.url);
  if (answer.text && answer.show_alert) return alertBox(store.chatTitle(chat), answer.text);
  if (answer.text) return toast(answer.text);
  if (!answer.answered) toast("The bot did not answer the button", "error");
  return undefined;
}

const appOf = (message, { row, column }) => ({ message: message.message_id, button: [row, column] });
const switched = (button) => button.switch_inline_query ?? button.switch_inline_query_chosen_chat?.query;

/** The button writes "@bot query" into this chat, or into one that is chosen. */
function switchInline(message, query, button) {
  const words = `@${(message.via_bot || message.from)?.username || state.bots[0].username} ${query || ""}`;
  if (button.switch_inline_query_current_chat !== undefined) return store.emit("compose", words);
  return pickChat("Where to?", words, state.chats.filter(store.mayWrite), (target) => {
    store.thread(store.chatKey(target)).draft = words;
    store.emit("open", store.chatKey(target));
    store.emit("compose", words);
  });
}

export async function edit(chat, message, text) {
  const field = message.text === undefined ? "caption" : "text";
  await api.editMessage(chat, message.message_id, { from: state.me.id, [field]: text });
}

export async function remove(chat, message) {
  await api.deleteMessage(chat, message.message_id, state.me.id);
  store.dropMessages(store.chatKey(chat), [message.message_id]);
}

export const react = (chat, message, emoji) =>
  api.reactTo(chat, message.message_id, { from: state.me.id, emoji });
export const forward = (chat, message, to) =>
  api.forwardMessage(chat, message.message_id, {
    from: state.me.id,
    to: to.id,
    ...(to.bot_id ? { to_bot: to.bot_id } : {}),
  });
