// Puts the page together and keeps the address in step: #/<person>/<chat>. The address makes
// "back" work on a phone and lets two tabs be two people.

import { el, toast } from "./dom.js";
import { sidebar } from "./chatlist.js";
import { messageList } from "./chat.js";
import { composer } from "./composer.js";
import { header } from "./header.js";
import { drawer } from "./drawer.js";
import { useReply } from "./attach.js";
import { acceptDrops } from "./drops.js";
import { follow, reported } from "./live.js";
import { choosePerson } from "./people.js";
import { send } from "./actions.js";
import * as store from "./store.js";

const { state } = store;
const app = document.getElementById("app");
const chatRoot = document.getElementById("chat");
const drawerRoot = document.getElementById("drawer");
const REMEMBERED = "mediagate.sandbox.person";

const address = () => {
  const [, person, key] = location.hash.split("/").map(decodeURIComponent);
  return { person: Number(person) || null, key: key || null };
};
const go = (key) => {
  const hash = `#/${state.me.id}${key ? `/${encodeURIComponent(key)}` : ""}`;
  if (location.hash !== hash) location.hash = hash;
};

const drawList = sidebar(document.getElementById("sidebar"), go);
const conversation = el("div", { class: "conversation", hidden: true });
const nobody = el("div", { class: "nobody" }, el("p", { text: "Choose a chat to begin" }));
const head = header({
  onBack: () => go(null),
  onSearch: (words) => messages.search(words),
  onDrawer: () => toggleDrawer(),
});
conversation.append(head.node);
const messages = messageList(conversation);
const writing = composer();
conversation.append(writing.node);
chatRoot.append(nobody, conversation);
acceptDrops(chatRoot);
useReply(writing.takeReply);
const apiView = drawer(drawerRoot, () => toggleDrawer(false));

function toggleDrawer(open = drawerRoot.hidden) {
  drawerRoot.hidden = !open;
  app.classList.toggle("with-drawer", open);
  conversation.querySelector(".drawer-toggle").setAttribute("aria-expanded", String(open));
  if (open) reported(apiView.refresh());
}

function showChat() {
  const chat = store.openChat();
  conversation.hidden = !chat;
  nobody.hidden = Boolean(chat);
  app.classList.toggle("in-chat", Boolean(chat));
  head.closeSearch();
  if (!chat) return drawTitle();
  state.unread.delete(state.openKey);
  state.topic = null;
  head.draw();
  messages.draw();
  writing.draw();
  writing.focus();
  drawTitle();
  return reported(store.loadThread(chat));
}

async function route() {
  const { person, key } = address();
  const wanted = state.people.find(({ id }) => id === person);
  if (wanted && wanted.id !== state.me?.id) await become(wanted);
  if (!state.me) return;
  const known = state.chats.some((chat) => store.chatKey(chat) === key);
  state.openKey = known ? key : null;
  state.unread.delete(state.openKey);
  drawList();
  showChat();
}

async function become(person) {
  state.me = person;
  state.threads.clear();
  state.unread.clear();
  state.typing.clear();
  state.openKey = null;
  state.chats = [];
  localStorage.setItem(REMEMBERED, person.id);
  follow(person);
  await store.loadChats();
}

const wide = () => matchMedia("(min-width: 761px)").matches;

/** On a wide screen a chat is always open: the one with the bot, at first. */
function firstChat() {
  const chat = state.chats.find(({ type }) => type === "private") || state.chats[0];
  return wide() && chat ? store.chatKey(chat) : null;
}

function drawTitle() {
  const count = [...state.unread.values()].reduce((sum, each) => sum + each, 0);
  const chat = store.openChat();
  document.title = `${count ? `(${count}) ` : ""}${chat ? store.chatTitle(chat) : "Local Telegram"}`;
}

function openDeepLink({ bot, start }) {
  const chat = state.chats.find(
    (each) => each.type === "private" && (each.bot_id === bot.id || !each.bot_id),
  );
  if (!chat) return toast("That bot has no chat here", "error");
  go(store.chatKey(chat));
  return start ? reported(send(chat, { text: `/start ${start}` })) : undefined;
}

store.subscribe("become", (person) => reported(become(person).then(() => go(firstChat()))));
store.subscribe("open", go);
store.subscribe("focus", writing.focus);
store.subscribe("deeplink", openDeepLink);
store.subscribe("drawer", () => toggleDrawer(true));
store.subscribe("chats", () => {
  drawList();
  head.draw();
  drawTitle();
});
store.subscribe("people", drawList);
store.subscribe("online", head.draw);
store.subscribe("typing", () => {
  head.draw();
  drawList();
});
store.subscribe("thread", (key) => {
  if (key !== state.openKey) return;
  messages.draw();
  writing.draw();
  head.draw();
});
store.subscribe("sent", () => messages.toBottom());
addEventListener("hashchange", () => reported(route()));
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !state.openKey) return;
  state.unread.delete(state.openKey);
  drawList();
  drawTitle();
});

/** `?start=x` in the address is a deep link into the bot, as t.me/<bot>?start=x is. */
async function begin() {
  await store.loadState();
  const { person, key } = address();
  const wanted = person || Number(localStorage.getItem(REMEMBERED));
  const found = state.people.find(({ id }) => id === wanted);
  if (!found) {
    drawList();
    return choosePerson();
  }
  await become(found);
  const start = new URLSearchParams(location.search).get("start");
  if (start && state.bots.length) {
    history.replaceState(null, "", location.pathname + location.hash);
    return openDeepLink({ bot: state.bots[0], start });
  }
  const goal = key || firstChat();
  go(goal);
  return route();
}

reported(begin());
