// The topics of a forum: a line of tabs under the chat's name.

import * as api from "./api.js";
import { el, fill, icon } from "./dom.js";
import { modal } from "./dialog.js";
import { reported } from "./live.js";
import { field } from "./people.js";
import * as store from "./store.js";

const { state } = store;
export const GENERAL = 1;

const room = (chat) => (chat ? state.rooms.get(chat.id) : null);
export const isForum = (chat) => Boolean(room(chat)?.is_forum);

/** The topics of a forum besides the general one: [{id, name, closed, colour}]. */
export const topicsOf = (chat) =>
  Object.entries(room(chat)?.topics || {})
    .map(([id, topic]) => ({ id: Number(id), ...topic }))
    .filter(({ id }) => id !== GENERAL);

/** Whether a message is in the topic on screen; without one, everything is. */
export const inTopic = (message) =>
  state.topic === null || (message.message_thread_id || GENERAL) === state.topic;

/** What a message sent now says of its topic. */
export const topicField = (chat) =>
  isForum(chat) && state.topic && state.topic !== GENERAL ? { message_thread_id: state.topic } : {};

export const topicName = (chat, id) => topicsOf(chat).find((topic) => topic.id === id)?.name || null;

export function topicBar() {
  const node = el("div", { class: "topics", role: "tablist", "aria-label": "Topics", hidden: true });
  function draw() {
    const chat = store.openChat();
    node.hidden = !isForum(chat);
    if (node.hidden) return;
    const general = room(chat).topics?.[GENERAL]?.name || "General";
    const tabs = [{ id: null, name: "All" }, { id: GENERAL, name: general }, ...topicsOf(chat)].map(tab);
    fill(node, tabs, newTopic(chat));
  }
  function tab({ id, name, closed, icon_color: colour }) {
    const open = () => {
      state.topic = id;
      store.emit("thread", state.openKey);
    };
    const dot = colour
      ? el("i", { class: "topic-dot", style: { background: `#${colour.toString(16).padStart(6, "0")}` } })
      : null;
    return el(
      "button",
      {
        class: "topic",
        type: "button",
        role: "tab",
        "aria-selected": String(state.topic === id),
        on: { click: open },
      },
      dot,
      closed ? `${name} (closed)` : name,
    );
  }
  return { node, draw };
}

function newTopic(chat) {
  if (store.standing() !== "admin") return null;
  return el(
    "button",
    {
      class: "topic",
      type: "button",
      "aria-label": "New topic",
      title: "New topic",
      on: { click: () => ask(chat) },
    },
    icon("plus"),
  );
}

function ask(chat) {
  const submit = el("button", { class: "button primary", type: "submit", text: "Create" });
  const form = el(
    "form",
    { class: "modal-body form" },
    field("Name", "name", { required: true, maxlength: "128" }),
    el("div", { class: "modal-actions" }, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    reported(create(chat, form.elements.namedItem("name").value.trim(), box));
  });
  const box = modal("New topic", form);
  form.querySelector("input").focus();
}

async function create(chat, name, box) {
  const topic = await api.createTopic(chat, { from: state.me.id, name });
  box.close();
  await store.loadState();
  state.topic = topic.message_thread_id ?? state.topic;
  store.emit("thread", state.openKey);
}
