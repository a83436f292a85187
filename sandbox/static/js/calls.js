// The bot's last calls, each with a sentence on what it means for people.

import * as api from "./api.js";
import { el, fill } from "./dom.js";
import { bytes, personName } from "./format.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;
const KEPT = 400;

/** What a call does, in words: to whom, or in which place. */
const MEANINGS = {
  getUpdates: () => "asks whether there is news",
  sendMessage: (chat) => `writes to ${chat}`,
  sendMediaGroup: (chat) => `sends an album to ${chat}`,
  copyMessage: (_to, place) => `keeps a copy in ${place}`,
  copyMessages: (_to, place) => `keeps copies in ${place}`,
  forwardMessage: (chat) => `forwards to ${chat}`,
  editMessageText: (_to, place) => `changes its message in ${place}`,
  editMessageCaption: (_to, place) => `changes a caption in ${place}`,
  editMessageReplyMarkup: (_to, place) => `changes buttons in ${place}`,
  editMessageMedia: (_to, place) => `replaces a file in ${place}`,
  deleteMessage: (_to, place) => `deletes a message in ${place}`,
  deleteMessages: (_to, place) => `deletes messages in ${place}`,
  getFile: () => "asks where the bytes of a file are",
  answerCallbackQuery: () => "answers a button",
  answerInlineQuery: () => "answers an inline query",
  sendChatAction: (_to, place) => `shows that it is busy in ${place}`,
  setMyCommands: () => "sets the command menu",
  getMe: () => "asks who it is",
  getChat: (chat) => `looks at ${chat}`,
  getChatMember: (_to, place) => `asks for somebody's rights in ${place}`,
};

function meaning({ method, chat_id: id }) {
  const chat = id ? chatName(id) : "a chat";
  const place = id > 0 ? `the chat with ${chat}` : chat;
  if (MEANINGS[method]) return MEANINGS[method](chat, place);
  const kind = /^send(\w+)$/.exec(method)?.[1];
  if (kind) return `sends a ${kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()} to ${chat}`;
  return id ? chat : null;
}

const VIEWS = [
  ["calls", "without polling", (call) => failed(call) || call.method !== "getUpdates"],
  ["errors", "errors only", (call) => failed(call)],
  ["all", "all calls", () => true],
];

/** Returns {node, filter, load, soon}. */
export function callList() {
  const list = el("ol", { class: "calls" });
  const options = VIEWS.map(([value, text]) => el("option", { value, text }));
  const filter = el(
    "select",
    { class: "calls-filter", "aria-label": "Which calls", on: { change: () => draw() } },
    options,
  );
  const totals = el("dl", { class: "totals" });
  const node = el("div", {}, totals, list);
  let known = [];
  let waiting = null;

  async function load() {
    const after = known.length ? known[0].id : undefined;
    const [fresh, stats] = await Promise.all([api.getCalls({ after, limit: KEPT }), api.getStats()]);
    const ids = new Set(known.map(({ id }) => id));
    known = [...fresh.filter(({ id }) => !ids.has(id)), ...known].sort((a, b) => b.id - a.id).slice(0, KEPT);
    drawTotals(totals, stats);
    draw();
  }

  function draw() {
    const [, , wanted] = VIEWS.find(([value]) => value === filter.value);
    const shown = known.filter(wanted).slice(0, 100);
    fill(list, shown.map(callRow));
    if (!shown.length) list.append(el("li", { class: "calls-none", text: "Nothing yet." }));
  }

  // A busy bot calls many times a second; one look for all of them is enough.
  function soon() {
    waiting ??= setTimeout(() => {
      waiting = null;
      reported(load());
    }, 300);
  }
  return { node, filter, load, soon };
}

function drawTotals(root, stats) {
  const calls = Object.values(stats.calls).reduce((sum, each) => sum + each, 0);
  const facts = [
    ["calls", calls.toLocaleString()],
    ["floods", stats.floods.toLocaleString()],
    ["errors", stats.errors.toLocaleString()],
    ["received", bytes(stats.bytes_in)],
  ];
  fill(
    root,
    facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))),
  );
}

const failed = (call) => !(call.status >= 200 && call.status < 300);

function callRow(call) {
  const at = typeof call.at === "number" ? new Date(call.at * 1000) : new Date(call.at);
  const facts = [
    at.toLocaleTimeString(),
    call.bytes > 4096 ? bytes(call.bytes) : null,
    call.seconds === undefined || call.seconds === null ? null : seconds(call.seconds),
  ];
  const said = meaning(call);
  const head = el(
    "span",
    { class: "call-head" },
    el("code", { text: call.method }),
    el("span", { class: failed(call) ? "call-status bad" : "call-status", text: call.status || "cut" }),
  );
  return el(
    "li",
    { class: "call" },
    head,
    said ? el("span", { class: "call-meaning", text: said }) : null,
    failed(call) && call.description ? el("span", { class: "call-error", text: call.description }) : null,
    el("span", { class: "call-tail", text: facts.filter(Boolean).join(" · ") }),
  );
}

const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`);

function chatName(id) {
  const person = state.people.find((each) => each.id === id);
  return person ? personName(person) : state.rooms.get(id)?.title || `chat ${id}`;
}
