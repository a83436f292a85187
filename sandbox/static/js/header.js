// The bar above the conversation: name, what the bot does right now, search, the drawer.

import { el, fill, iconButton } from "./dom.js";
import { chatAvatar } from "./chatlist.js";
import { menu } from "./dialog.js";
import * as api from "./api.js";
import { reported } from "./live.js";
import { copyText } from "./links.js";
import { isForum, topicBar } from "./topics.js";
import * as store from "./store.js";

const { state } = store;

/** Returns {node, draw}. `onBack`, `onSearch(words)` and `onDrawer` are the bar's buttons. */
export function header({ onBack, onSearch, onDrawer }) {
  const title = el("div", { class: "chat-title" });
  const input = el("input", {
    type: "search",
    placeholder: "Search in this chat",
    "aria-label": "Search in this chat",
    on: { input: () => onSearch(input.value) },
  });
  const searchBar = el(
    "div",
    { class: "search-bar", hidden: true },
    input,
    iconButton("close", "Close the search", () => close()),
  );
  const open = (words = "") => {
    searchBar.hidden = false;
    input.value = words;
    input.focus();
    onSearch(words);
  };
  const close = () => {
    searchBar.hidden = true;
    input.value = "";
    onSearch("");
  };
  input.addEventListener("keydown", (event) => event.key === "Escape" && close());
  const more = iconButton("more", "Chat menu", (event) => chatMenu(event.currentTarget));
  const toggle = iconButton("pulse", "What the API saw", onDrawer, "drawer-toggle");
  const bar = el(
    "header",
    { class: "bar chat-bar" },
    iconButton("back", "Back to the chats", onBack, "back"),
    title,
    iconButton("search", "Search", () => (searchBar.hidden ? open() : close())),
    toggle,
    more,
  );
  const topics = topicBar();
  const node = el("div", { class: "chat-head" }, bar, searchBar, topics.node);
  store.subscribe("search", open);
  const draw = () => {
    const chat = store.openChat();
    if (!chat) return;
    topics.draw();
    toggle.classList.toggle("faulty", state.faults > 0);
    fill(
      title,
      chatAvatar(chat),
      el("div", { class: "title-words" }, el("h1", { text: store.chatTitle(chat) }), status(chat)),
    );
  };
  return { node, draw, closeSearch: () => (searchBar.hidden = true) };
}

function status(chat) {
  if (!state.online) return el("span", { class: "status lost", role: "status", text: "connecting…" });
  const typing = state.typing.get(store.chatKey(chat));
  if (typing) return el("span", { class: "status busy", role: "status" }, typing.text, dots());
  const count = state.rooms
    .get(chat.id)
    ?.members.filter(({ status: now }) => now !== "left" && now !== "kicked").length;
  const members = count ? `, ${count} members` : "";
  const username = chat.type === "private" ? store.botById(chat.bot_id)?.username : chat.username;
  const kind = {
    private: "bot",
    channel: `channel${members}`,
    group: `group${members}`,
    supergroup: `group${members}`,
  }[chat.type];
  return el("span", { class: "status", text: username ? `${kind} · @${username}` : kind });
}

const dots = () => el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

function chatMenu(button) {
  const { right, bottom } = button.getBoundingClientRect();
  const chat = store.openChat();
  const bot = chat.bot_id;
  const blocked = state.me.blocked_bots?.includes(bot);
  const mayManage = chat.type === "supergroup" && chat.status === "creator";
  const items = [
    { icon: "pulse", label: "What the API saw", run: () => store.emit("drawer") },
    { icon: "copy", label: `Copy the id ${chat.id}`, run: () => copyText(String(chat.id)) },
    { icon: "image", label: "My profile photo", run: choosePhoto },
    mayManage && {
      icon: "topic",
      label: isForum(chat) ? "Without topics" : "Divide into topics",
      run: () => reported(setForum(chat, !isForum(chat))),
    },
    bot && {
      icon: "close",
      label: blocked ? "Unblock the bot" : "Block the bot",
      danger: !blocked,
      run: () => reported(block(bot, !blocked)),
    },
  ];
  menu({ x: right, y: bottom + 4 }, items);
}

function choosePhoto() {
  const input = el("input", { type: "file", accept: "image/*", hidden: true });
  const change = async () => {
    await api.setProfilePhoto(state.me.id, input.files[0]);
    await store.loadState();
  };
  input.addEventListener("change", () => reported(change().finally(() => input.remove())));
  document.body.append(input);
  input.click();
}

async function setForum(chat, on) {
  await api.patchChat(chat, { is_forum: on });
  await store.loadState();
  state.topic = null;
  store.emit("thread", state.openKey);
}

async function block(bot, on) {
  const others = (state.me.blocked_bots || []).filter((id) => id !== bot);
  const blockedBots = on ? [...others, bot] : others;
  await api.patchPerson(state.me.id, { blocked_bots: blockedBots });
  state.me = { ...state.me, blocked_bots: blockedBots };
}
