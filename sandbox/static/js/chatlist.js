// The left side: who one is, and the chats that person sees.

import { faceUrl, thumbnailUrl } from "./api.js";
import { avatar, el, fill, icon } from "./dom.js";
import { listTime, personName } from "./format.js";
import { chatKey, chatTitle, isMine, sandboxNow, state } from "./store.js";
import { service, summary } from "./summary.js";
import { choosePerson } from "./people.js";
import { newChat } from "./newchat.js";

const GLYPHS = { channel: "megaphone", group: "people", supergroup: "people" };

export const chatAvatar = (chat) => avatar(chat.bot_id || chat.id, chatTitle(chat), GLYPHS[chat.type]);

export function sidebar(root, openChat) {
  const me = el("button", { class: "me", type: "button", on: { click: choosePerson } });
  const list = el("ul", { class: "chats" });
  let wanted = "";
  const search = el("input", {
    type: "search",
    class: "chat-search",
    placeholder: "Search chats",
    "aria-label": "Search chats",
    on: {
      input: () => {
        wanted = search.value.trim().toLowerCase();
        draw();
      },
      keydown: (event) => event.key === "Enter" && list.querySelector("button")?.click(),
    },
  });
  const add = el(
    "button",
    { class: "add-chat", type: "button", on: { click: newChat } },
    icon("plus"),
    "New group or channel",
  );
  const nav = el("nav", { class: "chat-nav", "aria-label": "Chats" }, list, add);
  const foot = el("p", {
    class: "sidebar-foot",
    text: "A local Telegram: nothing here leaves this machine.",
  });
  fill(root, el("header", { class: "bar" }, me), el("div", { class: "chat-search-bar" }, search), nav, foot);
  useShortcuts(search, openChat);

  const draw = () => {
    root.classList.toggle("nobody-yet", !state.me);
    drawMe(me);
    const focused = document.activeElement?.dataset?.key;
    fill(
      list,
      state.chats
        .filter((chat) => chatTitle(chat).toLowerCase().includes(wanted))
        .map((chat) => row(chat, openChat)),
    );
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  };
  return draw;
}

/** Ctrl+K looks for a chat, Alt with an arrow goes to the next. */
function useShortcuts(search, openChat) {
  addEventListener("keydown", (event) => {
    const step = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") search.focus();
    else if (step && state.chats.length) {
      const at = state.chats.findIndex((chat) => chatKey(chat) === state.openKey);
      openChat(chatKey(state.chats[(at + step + state.chats.length) % state.chats.length]));
    } else return;
    event.preventDefault();
  });
}

function drawMe(node) {
  if (!state.me)
    return fill(node, el("span", { class: "me-words" }, el("strong", { text: "Choose who to be" })));
  const name = personName(state.me);
  const detail = state.me.username ? `@${state.me.username}` : `id ${state.me.id}`;
  node.title = "Be somebody else";
  const words = el(
    "span",
    { class: "me-words" },
    el("strong", { text: name }),
    el("small", { text: detail }),
  );
  return fill(
    node,
    avatar(state.me.id, name, null, faceUrl(state.me)),
    words,
    el("span", { class: "switch-hint" }, "Switch", icon("down")),
  );
}

function row(chat, openChat) {
  const key = chatKey(chat);
  const last = chat.last_message;
  const unread = state.unread.get(key) || 0;
  const typing = state.typing.get(key);
  const preview = typing
    ? el("span", { class: "preview typing", text: `${typing.text}…` })
    : el("span", { class: "preview" }, thumb(last), previewText(chat, last));
  const top = el(
    "span",
    { class: "chat-top" },
    el("strong", { text: chatTitle(chat) }),
    last ? el("time", { text: listTime(last.date, sandboxNow()) }) : null,
  );
  const bottom = el(
    "span",
    { class: "chat-bottom" },
    preview,
    unread ? el("span", { class: "badge", "aria-label": `${unread} unread`, text: unread }) : null,
  );
  const open = key === state.openKey;
  const button = el(
    "button",
    {
      class: open ? "chat-row open" : "chat-row",
      type: "button",
      "aria-current": open ? "true" : null,
      "data-key": key,
      on: { click: () => openChat(key) },
    },
    chatAvatar(chat),
    el("span", { class: "chat-words" }, top, bottom),
  );
  return el("li", {}, button);
}

function thumb(last) {
  const shown = last?.photo?.[0] || (last?.video?.thumbnail && last.video);
  if (!shown) return null;
  const uid = last.photo ? last.photo.at(-1).file_unique_id : shown.file_unique_id;
  const image = el("img", { class: "preview-thumb", src: thumbnailUrl(uid), alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove(), { once: true });
  return image;
}

function previewText(chat, last) {
  if (!last)
    return chat.type === "private" ? "No messages yet" : chat.type === "channel" ? "Channel" : "Group";
  if (service(last)) return service(last);
  const who = isMine(last)
    ? "You: "
    : chat.type === "private" || chat.type === "channel"
      ? ""
      : `${last.from?.first_name || ""}: `;
  return who + summary(last);
}
