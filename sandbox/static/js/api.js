// The control API of the sandbox, one function per call. Everything is JSON; an error
// answer becomes an Error whose message is the server's own sentence.

async function call(method, path, body) {
  const init = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Error("The local Telegram does not answer. Is it still running?");
  }
  return unpack(response.status, await response.text());
}

function unpack(status, text) {
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = { error: `The local Telegram answered ${status}` };
  }
  if (status >= 400) throw new Error(answer.error || `The local Telegram answered ${status}`);
  return answer;
}

function query(values) {
  const known = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(known).toString();
}

export const getState = () => call("GET", "/control/state");
export const createPerson = (person) => call("POST", "/control/people", person);
export const patchPerson = (id, change) => call("PATCH", `/control/people/${id}`, change);
export const createChat = (chat) => call("POST", "/control/chats", chat);
export const getChats = async (person) =>
  listOf(await call("GET", `/control/chats?${query({ person })}`), "chats");
export const getMessages = async (chat, range) =>
  listOf(
    await call("GET", `/control/chats/${chat.id}/messages?${query({ bot: chat.bot_id, ...range })}`),
    "messages",
  );

export const sendMessage = (chat, message) => call("POST", `/control/chats/${chat.id}/messages`, message);
const onMessage = (chat, id, verb, body) =>
  call("POST", `/control/chats/${chat.id}/messages/${id}/${verb}?${query({ bot: chat.bot_id })}`, {
    bot: chat.bot_id,
    ...body,
  });
export const editMessage = (chat, id, body) => onMessage(chat, id, "edit", body);
export const pressButton = (chat, id, body) => onMessage(chat, id, "press", body);
export const forwardMessage = (chat, id, body) => onMessage(chat, id, "forward", body);
export const reactTo = (chat, id, body) => onMessage(chat, id, "react", body);
export const deleteMessage = (chat, id, from) =>
  call("DELETE", `/control/chats/${chat.id}/messages/${id}?${query({ bot: chat.bot_id, from })}`);

export const askInline = (query) => call("POST", "/control/inline", query);
export const chooseInline = (choice) => call("POST", "/control/inline/choose", choice);
export const openWebApp = (wanted) => call("POST", "/control/webapp", wanted);
export const sendWebAppData = (data) => call("POST", "/control/webapp/data", data);
export const createTopic = (chat, topic) => call("POST", `/control/chats/${chat.id}/topics`, topic);
export const patchChat = (chat, change) => call("PATCH", `/control/chats/${chat.id}`, change);
export const pressKey = (chat, id, body) => onMessage(chat, id, "key", body);
export async function setProfilePhoto(person, file) {
  const form = new FormData();
  form.append("file", file, file.name);
  const answer = await fetch(`/control/people/${person}/photo`, { method: "POST", body: form });
  return unpack(answer.status, await answer.text());
}
export const getStats = () => call("GET", "/control/stats");

export const getClock = () => call("GET", "/control/clock");
export const advanceClock = (seconds) => call("POST", "/control/clock", { advance: seconds });
export const getOptions = () => call("GET", "/control/options");
export const setOptions = (options) => call("POST", "/control/options", options);
export const getFaults = async () => listOf(await call("GET", "/control/faults"), "faults");
export const addFault = (fault) => call("POST", "/control/faults", fault);
export const removeFault = (id) => call("DELETE", `/control/faults/${id}`);
export const getCalls = async (range) => listOf(await call("GET", `/control/calls?${query(range)}`), "calls");

// Lists may come bare or under their name; views only ever want the list.
function listOf(answer, name) {
  return Array.isArray(answer) ? answer : answer[name] || [];
}

export const fileUrl = (uniqueId) => `/control/files/${encodeURIComponent(uniqueId)}`;
/** The latest profile photo of a person, or null. */
export const faceUrl = (person) => (person?.photos?.length ? thumbnailUrl(person.photos[0]) : null);
export const thumbnailUrl = (uniqueId) => `${fileUrl(uniqueId)}/thumbnail`;

/**
 * Send files with progress. fetch cannot report how much of a body has left, XMLHttpRequest can.
 * Returns {done: Promise, abort()}; `onProgress` gets 0..1.
 */
export function sendFiles(chat, message, files, onProgress) {
  const form = new FormData();
  form.append("message", JSON.stringify(message));
  for (const file of files) form.append("file", file, file.name);
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Error("The connection broke while the file was being sent"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => {
      try {
        resolve(unpack(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
  });
  request.open("POST", `/control/chats/${chat.id}/messages`);
  request.send(form);
  return { done, abort: () => request.abort() };
}

const EVENT_TYPES = [
  "message",
  "edited",
  "deleted",
  "callback_answer",
  "chat_action",
  "reaction",
  "member",
  "menu_button",
  "call",
];

/** Live events for a person. `onOpen(again)` tells whether this is a reconnection, after which lists are read anew. */
export function listen(person, onEvent, onOpen, onLost) {
  const source = new EventSource(`/control/events?${query({ person })}`);
  let opened = false;
  const take = (event) => {
    if (event.data) onEvent({ type: event.type, ...JSON.parse(event.data) });
  };
  for (const type of EVENT_TYPES) source.addEventListener(type, take);
  source.onopen = () => {
    onOpen(opened);
    opened = true;
  };
  source.onerror = onLost;
  return () => source.close();
}
