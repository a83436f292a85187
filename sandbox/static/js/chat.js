// The conversation: its messages as a list that stays at the bottom while one reads there.

import { el, iconButton } from "./dom.js";
import { dayName } from "./format.js";
import { fingerprint, matches, toUnits } from "./units.js";
import { unitView } from "./message.js";
import { pendingView } from "./pending.js";
import { emptyHint } from "./hints.js";
import { inTopic } from "./topics.js";
import { reported } from "./live.js";
import { send } from "./actions.js";
import * as store from "./store.js";

const { state } = store;
const NEAR = 120; // pixels from the bottom that still count as reading the newest

/** Build the message list into `root`. Returns {draw, toBottom, search}. */
export function messageList(root) {
  const list = el("div", {
    class: "messages",
    role: "log",
    "aria-label": "Messages",
    "aria-live": "polite",
    "aria-relevant": "additions",
    tabindex: "0",
  });
  const inner = el("div", { class: "messages-inner" });
  const jump = iconButton("down", "To the newest message", () => toBottom(true), "to-bottom");
  const missed = el("span", { class: "badge" });
  jump.append(missed);
  jump.hidden = true;
  list.append(inner);
  root.append(el("div", { class: "messages-frame" }, list, jump));

  const drawn = new Map(); // key -> {mark, node}
  let shownKey = null;
  let searched = "";
  let newestSeen = 0;

  const atBottom = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  const toBottom = (smooth = false) =>
    list.scrollTo({ top: list.scrollHeight, behavior: smooth ? "smooth" : "instant" });

  const onJump = (id) => {
    const target = inner.querySelector(`[data-id="${id}"]`);
    if (!target) return;
    target.scrollIntoView({ block: "center", behavior: "smooth" });
    target.classList.remove("flash");
    requestAnimationFrame(() => target.classList.add("flash"));
  };

  function nodesFor(chat, units) {
    const view = { chat, onJump, onCommand: (text) => reported(send(chat, { text })) };
    const kept = new Set();
    const nodes = units.map((unit) => {
      const mark = fingerprint(unit) + lookOf(unit);
      const old = drawn.get(unit.key);
      kept.add(unit.key);
      if (old?.mark === mark) return old.node;
      const node = unit.day
        ? el("div", { class: "day" }, el("span", { text: dayName(unit.day, store.sandboxNow()) }))
        : unitView(unit, view);
      if (shownKey && !old && unit.messages) node.classList.add("arriving");
      drawn.set(unit.key, { mark, node });
      return node;
    });
    for (const key of [...drawn.keys()]) if (!kept.has(key)) drawn.delete(key);
    return nodes;
  }

  function draw() {
    const chat = store.openChat();
    const key = chat ? store.chatKey(chat) : null;
    const changedChat = key !== shownKey;
    if (changedChat) start();
    if (!chat) return;
    const stick = changedChat || atBottom();
    const anchor = stick ? null : firstVisible(list, inner);
    const place = store.thread(key);
    const all = store.sorted(key).filter(inTopic);
    const units = toUnits(all).filter((unit) => !searched || matches(unit, searched));
    const nodes = nodesFor(chat, units);
    shownKey = place.loaded ? key : null;
    sync(inner, [
      ...before(chat, place, all),
      ...nodes,
      ...place.pending.map((entry) => pendingView(entry, chat)),
    ]);
    if (stick) toBottom();
    else if (anchor) list.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    noteMissed(all, stick);
  }

  function start() {
    drawn.clear();
    searched = "";
    newestSeen = 0;
    shownKey = null;
    inner.replaceChildren();
  }

  function before(chat, place, all) {
    if (!place.loaded) return [el("div", { class: "loading", role: "status", text: "Loading…" })];
    if (searched) return [];
    if (!all.length && !place.pending.length) return [emptyHint(chat)];
    if (place.complete) return [];
    return [
      el("button", {
        class: "load-older",
        type: "button",
        text: "Earlier messages",
        on: { click: () => reported(store.loadOlder(chat)) },
      }),
    ];
  }

  function noteMissed(all, stick) {
    const newest = all.at(-1)?.message_id || 0;
    if (stick) newestSeen = newest;
    const count = all.filter((message) => message.message_id > newestSeen).length;
    missed.textContent = count || "";
    missed.hidden = !count;
    jump.hidden = atBottom();
  }

  list.addEventListener("keydown", (event) => walk(event, inner));
  list.addEventListener("scroll", () => {
    jump.hidden = atBottom();
    if (atBottom()) newestSeen = Infinity;
    if (atBottom()) noteMissed(store.sorted(state.openKey), true);
    const chat = store.openChat();
    if (list.scrollTop < 80 && chat && shownKey && !searched) reported(store.loadOlder(chat));
  });
  // Pictures and the reply keyboard change heights after the drawing.
  let wasAtBottom = true;
  list.addEventListener("scroll", () => (wasAtBottom = atBottom()), { passive: true });
  new ResizeObserver(() => wasAtBottom && toBottom()).observe(list);
  new ResizeObserver(() => wasAtBottom && toBottom()).observe(inner);

  store.subscribe("progress", (entry) => {
    const bar = inner.querySelector(`[data-pending="${entry.localId}"] progress`);
    if (bar) bar.value = entry.progress;
  });
  const search = (words) => {
    searched = words.trim().toLowerCase();
    draw();
    if (!searched) toBottom();
  };
  return { draw, toBottom, search };
}

/** What changes the look of a unit from outside of it: the day it is, and whether the bot has read it. */
const lookOf = (unit) =>
  unit.day ? dayName(unit.day, store.sandboxNow()) : String(store.isRead(unit.messages.at(-1)));

/** Make `parent` hold exactly `nodes`, moving as little as possible: moving a node stops its video. */
function sync(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] || null);
  });
}

/** Arrows go from message to message, Enter opens the menu of the one that has the focus. */
function walk(event, inner) {
  const on = document.activeElement;
  const all = [...inner.querySelectorAll(".message")];
  if (!all.length || (on !== inner.parentNode && !on.classList.contains("message"))) return;
  const at = all.indexOf(on);
  const next = { ArrowUp: at < 0 ? all.length - 1 : at - 1, ArrowDown: at < 0 ? 0 : at + 1 }[event.key];
  if (next !== undefined) (all[next] || on).focus();
  else if (event.key === "Enter" && at >= 0) on.querySelector(".bubble-more")?.click();
  else return;
  event.preventDefault();
}

function firstVisible(list, inner) {
  const edge = list.getBoundingClientRect().top;
  const node = [...inner.querySelectorAll(".message")].find(
    (each) => each.getBoundingClientRect().bottom > edge,
  );
  return node ? { node, top: node.getBoundingClientRect().top } : null;
}
