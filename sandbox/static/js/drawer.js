// "What the API saw": the bot's last calls, and the switches that make Telegram misbehave.

import * as api from "./api.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { callList } from "./calls.js";
import { fullTime } from "./format.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;
const HOUR = 3600;

const FAULTS = [
  { kind: "away", title: "Telegram is away", note: "every connection is cut" },
  { kind: "flood", title: "429 for every call", note: "retry after 3 seconds", body: { retry_after: 3 } },
  {
    kind: "answer_lost",
    title: "Answers get lost",
    note: "done and stored, but the sender never hears of it",
  },
];
const MORE_FAULTS = [
  {
    kind: "error",
    title: "Errors 500",
    note: "every second call fails",
    body: { status: 500, probability: 0.5 },
  },
  { kind: "slow", title: "Slow", note: "each call waits 3 seconds", body: { seconds: 3 } },
  { kind: "late", title: "Late", note: "cut at once, done 5 seconds later", body: { seconds: 5 } },
  { kind: "reset", title: "Cut in the middle", note: "uploads break off half-way" },
  { kind: "truncate", title: "Downloads end early", note: "half of the bytes are missing" },
  { kind: "stall", title: "No answer at all", note: "calls hang until this is switched off" },
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
  const more = el("div", { class: "switches" });
  const rest = el("details", {}, el("summary", { text: "More faults and options" }), more);
  const rules = el("section", {}, el("h3", { text: "Rules and faults" }), switches, rest);
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
    if (state.faults !== faults.length) {
      state.faults = faults.length;
      store.emit("online");
    }
    drawSwitches(switches, options, faults, refresh);
    drawMore(more, options, faults, refresh);
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
  fill(root, floodSwitch, faultSwitches(FAULTS, faults, refresh));
}

function drawMore(root, options, faults, refresh) {
  const local = toggle(
    "Local Bot API server",
    "files of up to 2000 MB, as with --local",
    Boolean(options.local),
    (on) => api.setOptions({ local: on }).then(refresh),
  );
  fill(root, local, faultSwitches(MORE_FAULTS, faults, refresh));
}

const faultSwitches = (kinds, faults, refresh) =>
  kinds.map((fault) =>
    faultSwitch(
      fault,
      faults.filter(({ kind }) => kind === fault.kind),
      refresh,
    ),
  );

function faultSwitch(fault, active, refresh) {
  const change = async (on) => {
    if (on) await api.addFault({ kind: fault.kind, ...fault.body });
    else await Promise.all(active.map(({ id }) => api.removeFault(id)));
    await refresh();
  };
  return toggle(fault.title, fault.note, active.length > 0, change);
}
