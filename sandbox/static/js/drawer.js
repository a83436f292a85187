// "What the API saw": the bot's last calls, and the switches that make Telegram misbehave.

import * as api from "./api.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { bytes, fullTime, personName } from "./format.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;
const KEPT = 400;
const HOUR = 3600;

const FAULTS = [
  { kind: "away", title: "Telegram is away", note: "every connection is cut", body: {} },
  { kind: "flood", title: "429 for every call", note: "retry after 3 seconds", body: { retry_after: 3 } },
  {
    kind: "answer_lost",
    title: "Answers get lost",
    note: "done and stored, but the sender never hears of it",
    body: {},
  },
];

/** Build the drawer into `root`; `onClose` is its close button. Returns {refresh}. */
export function drawer(root, onClose) {
  const clock = el("output", { class: "clock-now" });
  const calls = callList();
  const switches = el("div", { class: "switches" });
  const time = el(
    "section",
    {},
    el("h3", { text: "Clock" }),
    el("p", { class: "clock-line" }, icon("clock"), clock),
    el(
      "div",
      { class: "button-row" },
      [
        ["+1 hour", HOUR],
        ["+49 hours", 49 * HOUR],
      ].map(([label, seconds]) => advance(label, seconds)),
    ),
  );
  const rules = el("section", {}, el("h3", { text: "Rules and faults" }), switches);
  const seen = el(
    "section",
    { class: "calls-section" },
    el("div", { class: "calls-head" }, el("h3", { text: "Last calls of the bot" }), calls.filter),
    calls.node,
  );
  fill(
    root,
    el(
      "header",
      { class: "bar" },
      el("h2", { text: "What the API saw" }),
      iconButton("close", "Close", onClose),
    ),
    el("div", { class: "drawer-body" }, time, rules, seen),
  );

  const tick = () => (clock.textContent = fullTime(store.sandboxNow()));
  setInterval(() => !root.hidden && tick(), 1000);
  store.subscribe("clock", tick);
  store.subscribe("call", () => !root.hidden && calls.soon());
  store.subscribe("online", () => !root.hidden && state.online && reported(refresh()));

  async function refresh() {
    tick();
    const [options, faults] = await Promise.all([api.getOptions(), api.getFaults(), calls.load()]);
    drawSwitches(switches, options, faults, refresh);
  }
  return { refresh };
}

function advance(label, seconds) {
  const run = async () => {
    const answer = await api.advanceClock(seconds);
    store.setNow(answer.now);
    // Today becomes yesterday in what is on screen.
    store.emit("thread", state.openKey);
    store.emit("chats");
  };
  return el("button", { class: "button", type: "button", text: label, on: { click: () => reported(run()) } });
}

function toggle(title, note, on, change) {
  const input = el("input", { type: "checkbox", role: "switch", checked: on });
  input.addEventListener("change", () =>
    reported(
      change(input.checked).catch((error) => {
        input.checked = !input.checked;
        throw error;
      }),
    ),
  );
  return el(
    "label",
    { class: "switch" },
    el("span", { class: "switch-words" }, el("strong", { text: title }), el("small", { text: note })),
    input,
  );
}

function drawSwitches(root, options, faults, refresh) {
  const flood = options.flood || {};
  const note = `${flood.per_chat_per_minute ?? 20} a minute per chat, ${flood.per_bot_per_second ?? 30} a second per bot`;
  const floodSwitch = toggle("Flood limits", note, Boolean(flood.enabled), (on) =>
    api.setOptions({ flood: { ...flood, enabled: on } }).then(refresh),
  );
  fill(
    root,
    floodSwitch,
    FAULTS.map((fault) =>
      faultSwitch(
        fault,
        faults.filter(({ kind }) => kind === fault.kind),
        refresh,
      ),
    ),
  );
}

function faultSwitch(fault, active, refresh) {
  const change = async (on) => {
    if (on) await api.addFault({ kind: fault.kind, ...fault.body });
    else await Promise.all(active.map(({ id }) => api.removeFault(id)));
    await refresh();
  };
  return toggle(fault.title, fault.note, active.length > 0, change);
}

const VIEWS = [
  ["calls", "without polling", (call) => failed(call) || call.method !== "getUpdates"],
  ["errors", "errors only", (call) => failed(call)],
  ["all", "all calls", () => true],
];

function callList() {
  const list = el("ol", { class: "calls" });
  const options = VIEWS.map(([value, text]) => el("option", { value, text }));
  const filter = el(
    "select",
    { class: "calls-filter", "aria-label": "Which calls", on: { change: () => draw() } },
    options,
  );
  const node = el("div", {}, list);
  let known = [];
  let waiting = null;

  async function load() {
    const after = known.length ? known[0].id : undefined;
    const fresh = await api.getCalls({ after, limit: KEPT });
    const ids = new Set(known.map(({ id }) => id));
    known = [...fresh.filter(({ id }) => !ids.has(id)), ...known].sort((a, b) => b.id - a.id).slice(0, KEPT);
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

const failed = (call) => !(call.status >= 200 && call.status < 300);

function callRow(call) {
  const at = typeof call.at === "number" ? new Date(call.at * 1000) : new Date(call.at);
  const clockText = at.toLocaleTimeString("en-GB");
  const facts = [
    call.chat_id ? chatName(call.chat_id) : null,
    call.bytes ? bytes(call.bytes) : null,
    call.seconds === undefined || call.seconds === null ? null : seconds(call.seconds),
  ];
  const head = el(
    "span",
    { class: "call-head" },
    el("code", { text: call.method }),
    el("span", { class: failed(call) ? "call-status bad" : "call-status", text: call.status || "cut" }),
  );
  const tail = el("span", { class: "call-tail", text: [clockText, ...facts].filter(Boolean).join(" · ") });
  const words =
    failed(call) && call.description ? el("span", { class: "call-error", text: call.description }) : null;
  return el("li", { class: "call" }, head, tail, words);
}

const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`);

function chatName(id) {
  const person = state.people.find((each) => each.id === id);
  if (person) return personName(person);
  const chat = state.chats.find((each) => each.id === id);
  return chat ? store.chatTitle(chat) : `chat ${id}`;
}
