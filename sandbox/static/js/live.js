// Server-sent events into the store.

import * as api from "./api.js";
import * as store from "./store.js";
import { toast } from "./dom.js";

const { state } = store;
let stop = () => {};

const ACTIONS = {
  typing: "is typing",
  upload_photo: "is sending a photo",
  upload_video: "is sending a video",
  upload_document: "is sending a file",
  upload_voice: "is sending a voice message",
  record_voice: "is recording",
  record_video: "is recording",
};

/** Live events of the chosen person; ends those of the one before. */
export function follow(person) {
  stop();
  stop = api.listen(person.id, onEvent, onOpen, onLost);
}

function onOpen(again) {
  setOnline(true);
  // What happened before the line stood, or while it was down, came by no event: read it anew.
  const lists = again ? store.loadState().then(store.loadChats) : store.loadChats();
  lists.catch(() => {});
  api
    .getCalls({ limit: 300 })
    .then(readBefore)
    .catch(() => {});
  const chat = store.openChat();
  if (chat) store.loadThread(chat).catch(() => {});
}

function readBefore(calls) {
  const fetched = calls.filter(({ method, status }) => method === "getUpdates" && status === 200);
  if (fetched.length) store.setReadUntil(Math.max(...fetched.map(({ at }) => at)));
}

function onLost() {
  setOnline(false);
}

function setOnline(online) {
  if (state.online === online) return;
  state.online = online;
  store.emit("online");
}

function onEvent(event) {
  if (event.type === "call") return onCall(event);
  if (event.type === "menu_button" || /^forum_topic/.test(wordOf(event.message)))
    store.loadState().catch(() => {});
  const key = keyOf(event);
  if (!key) return store.loadChats().catch(() => {});
  switch (event.type) {
    case "message":
      return onMessage(key, event.message);
    case "edited":
    case "reaction":
      return onChanged(key, event);
    case "deleted":
      return store.dropMessages(key, event.message_ids || [event.message_id]);
    case "chat_action":
      return onAction(key, event);
    case "member":
    case "menu_button":
      return store.loadChats().catch(() => {});
    default:
      return undefined;
  }
}

/** The name of what a service message says, "" for others. */
const wordOf = (message) => Object.keys(message || {}).find((name) => name.startsWith("forum_topic")) || "";

/** A bot that fetched updates, or acted in a chat, has seen what was sent before. */
function onCall(event) {
  if (event.status === 200 && (event.method === "getUpdates" || event.chat_id))
    store.setReadUntil(store.sandboxNow());
  if (/MyCommands$/.test(event.method)) store.loadState().catch(() => {});
  store.emit("call", event);
}

/** Which chat an event is about. A private chat has the person's id, and its bot makes it unique. */
function keyOf(event) {
  const id = event.chat_id ?? event.message?.chat?.id;
  const candidates = state.chats.filter((chat) => chat.id === id);
  if (candidates.length < 2) return candidates.length ? store.chatKey(candidates[0]) : null;
  const from = event.message?.from;
  const bot = event.bot_id ?? event.bot ?? (from?.is_bot ? from.id : undefined);
  const match = candidates.find((chat) => chat.bot_id === bot) || candidates[0];
  return store.chatKey(match);
}

function onMessage(key, message) {
  const place = store.thread(key);
  if (store.wroteIt(message) && place.pending.length) {
    place.held.push(message);
    return;
  }
  if (message.from?.is_bot || message.sender_chat) state.typing.delete(key);
  if (key !== state.openKey || document.hidden)
    state.unread.set(key, (state.unread.get(key) || 0) + (store.wroteIt(message) ? 0 : 1));
  store.takeMessages(key, [message]);
}

function onChanged(key, event) {
  if (event.message) return store.takeMessages(key, [event.message]);
  const known = store.thread(key).messages.get(event.message_id);
  if (known && event.reactions) store.takeMessages(key, [{ ...known, reactions: event.reactions }]);
  return undefined;
}

function onAction(key, event) {
  // Telegram shows an action for five seconds, or until the message comes.
  const until = Date.now() + 5000;
  state.typing.set(key, { text: ACTIONS[event.action] || "is busy", until });
  store.emit("typing", key);
  setTimeout(() => {
    if ((state.typing.get(key)?.until ?? Infinity) > Date.now()) return;
    state.typing.delete(key);
    store.emit("typing", key);
  }, 5050);
}

/** Run what may fail in the background and say so if it does. */
export function reported(promise) {
  return promise.catch((error) => {
    if (error.name !== "AbortError") toast(error.message, "error");
  });
}
