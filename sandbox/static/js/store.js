// What the page knows: who one is, the chats, the messages of opened chats. Views subscribe to a
// topic and read `state`; only this module and actions.js write it.

import * as api from "./api.js";

export const state = {
  bots: [],
  people: [],
  me: null, // the person one is
  chats: [],
  openKey: null, // key of the chat on screen
  threads: new Map(), // chat key -> thread
  typing: new Map(), // chat key -> {text, until}
  unread: new Map(), // chat key -> count
  clockShift: 0, // sandbox time minus this machine's, seconds
  online: true,
  rooms: new Map(), // id of a group or channel -> the server's record: members, topics
  faults: 0, // faults switched on
  topic: null, // topic of the forum on screen, null for all
  readUntil: 0, // sandbox time up to which the bot has fetched what was sent
};

const listeners = new Map();

export function subscribe(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(fn);
}

export function emit(topic, detail) {
  for (const fn of listeners.get(topic) || []) fn(detail);
}

export const chatKey = (chat) => (chat.bot_id ? `${chat.id}:${chat.bot_id}` : `${chat.id}`);
export const openChat = () => state.chats.find((chat) => chatKey(chat) === state.openKey) || null;
export const sandboxNow = () => Date.now() / 1000 + state.clockShift;
export const personById = (id) => state.people.find((person) => person.id === id) || null;
export const botById = (id) => state.bots.find((bot) => bot.id === id) || null;

/** What one sees as the chat's name: a private chat is named after the bot. */
export function chatTitle(chat) {
  const bot = chat.bot_id && botById(chat.bot_id);
  return (
    (bot && bot.first_name) ||
    chat.title ||
    [chat.first_name, chat.last_name].filter(Boolean).join(" ") ||
    String(chat.id)
  );
}

export function thread(key) {
  if (!state.threads.has(key)) {
    state.threads.set(key, {
      messages: new Map(),
      pending: [],
      held: [],
      loaded: false,
      complete: false,
      draft: "",
    });
  }
  return state.threads.get(key);
}

export const sorted = (key) => [...thread(key).messages.values()].sort((a, b) => a.message_id - b.message_id);

export function setNow(now) {
  const seconds = typeof now === "number" ? now : Date.parse(now) / 1000;
  if (Number.isFinite(seconds)) state.clockShift = seconds - Date.now() / 1000;
  emit("clock");
}

export async function loadState() {
  const answer = await api.getState();
  state.bots = answer.bots || [];
  state.people = answer.people || [];
  state.rooms = new Map((answer.chats || []).map((room) => [room.id, room]));
  state.faults = (answer.faults || []).length;
  state.me = state.people.find(({ id }) => id === state.me?.id) || state.me;
  setNow(answer.now);
  emit("people");
  return answer;
}

export async function loadChats() {
  if (!state.me) return;
  const person = state.me.id;
  const chats = await api.getChats(person);
  if (!state.me || state.me.id !== person) return;
  const [first] = state.bots;
  // The other bots of a pool only carry parts; a chat with them is shown once somebody wrote there.
  const shown = chats.filter((chat) => !chat.bot_id || chat.bot_id === first?.id || chat.last_message);
  state.chats = shown.sort(byDate);
  emit("chats");
}

/** The latest first; a chat with a bot that nobody has written to yet waits on top. */
const lastDate = (chat) => chat.last_message?.date ?? (chat.type === "private" ? Infinity : 0);
const byDate = (a, b) => (lastDate(a) === lastDate(b) ? 0 : lastDate(b) - lastDate(a));

const PAGE = 60;

/** Read the newest messages of a chat; again after a reconnection, when events may have been missed. */
export async function loadThread(chat) {
  const key = chatKey(chat);
  const place = thread(key);
  const before = [...place.messages.keys()];
  const messages = await api.getMessages(chat, { limit: PAGE });
  if (!place.loaded) place.complete = messages.length < PAGE;
  const first = messages.length ? messages[0].message_id : 0;
  const present = new Set(messages.map((message) => message.message_id));
  // What was known of this stretch and is not in it any more was deleted; what an event
  // brought while the answer was on its way stays.
  for (const id of before) if (id >= first && !present.has(id)) place.messages.delete(id);
  for (const message of messages)
    if (!isNewer(place.messages.get(message.message_id), message))
      place.messages.set(message.message_id, message);
  place.loaded = true;
  emit("thread", key);
}

const isNewer = (known, message) => Boolean(known) && (known.edit_date || 0) > (message.edit_date || 0);

export async function loadOlder(chat) {
  const key = chatKey(chat);
  const place = thread(key);
  const [oldest] = sorted(key);
  if (!oldest || place.complete || place.loadingOlder) return;
  place.loadingOlder = true;
  try {
    const older = await api.getMessages(chat, { before: oldest.message_id, limit: PAGE });
    for (const message of older) place.messages.set(message.message_id, message);
    place.complete = older.length < PAGE;
  } finally {
    place.loadingOlder = false;
  }
  emit("thread", key);
}

/** Put messages where they belong and move the chat up in the list. */
export function takeMessages(key, messages) {
  const place = thread(key);
  const chat = state.chats.find((each) => chatKey(each) === key);
  for (const message of messages) {
    place.messages.set(message.message_id, message);
    if (chat && (!chat.last_message || chat.last_message.message_id <= message.message_id))
      chat.last_message = message;
  }
  state.chats.sort(byDate);
  emit("thread", key);
  emit("chats");
}

export function dropMessages(key, ids) {
  const place = thread(key);
  for (const id of ids) place.messages.delete(id);
  const chat = state.chats.find((each) => chatKey(each) === key);
  if (chat && chat.last_message && ids.includes(chat.last_message.message_id))
    chat.last_message = sorted(key).at(-1) || null;
  emit("thread", key);
  emit("chats");
}

/** In a channel only its administrators post; elsewhere everybody writes. */
export const mayWrite = (chat) =>
  chat.type !== "channel" || !chat.status || ["creator", "administrator"].includes(chat.status);

export const isMine = (message) =>
  Boolean(state.me && message.from && message.from.id === state.me.id && !message.sender_chat);

/** What a person is among the others: "admin" runs a group or channel, "staff" is in one, the rest are tenants. */
export function standing(person = state.me) {
  const roles = [...state.rooms.values()].map(
    (room) => room.members.find(({ id }) => id === person?.id)?.status,
  );
  if (roles.includes("creator")) return "admin";
  return roles.some((role) => ["administrator", "member"].includes(role)) ? "staff" : "tenant";
}

/** The bot fetched updates after the message came: Telegram's second tick. */
export const isRead = (message) => Boolean(message) && message.date <= state.readUntil;

export function setReadUntil(time) {
  const before = state.readUntil;
  state.readUntil = Math.max(before, time);
  const last = state.openKey && sorted(state.openKey).findLast(isMine);
  if (last && last.date > before && isRead(last)) emit("thread", state.openKey);
}

/** A channel's posts are the channel's; who typed one is told apart from who speaks. */
export const wroteIt = (message) => isMine(message) || Boolean(state.me && message.author_id === state.me.id);

/** A sending that is not answered yet; while it lasts, the events of one's own messages wait, so nothing shows twice. */
export function addPending(key, entry) {
  thread(key).pending.push(entry);
  emit("thread", key);
  emit("sent", key);
}

export function endPending(key, entry, messages) {
  const place = thread(key);
  place.pending = place.pending.filter((each) => each !== entry);
  for (const { url } of entry.previews || []) URL.revokeObjectURL(url);
  const held = place.pending.length ? [] : place.held.splice(0);
  takeMessages(key, [...held, ...messages]);
}

/** The keyboard under the text field, as the newest message that says something about it left it. */
export function replyKeyboard(key) {
  const messages = sorted(key);
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const { reply_markup: markup, from } = messages[at];
    if (!markup || !from || !from.is_bot) continue;
    if (markup.remove_keyboard) return null;
    if (!markup.keyboard) continue;
    const usedUp = markup.one_time_keyboard && messages.slice(at + 1).some(isMine);
    return usedUp ? null : { ...markup, message_id: messages[at].message_id };
  }
  return null;
}
