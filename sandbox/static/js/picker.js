// Choosing one of one's chats: to forward to, or to hand to a bot that asks for one.

import { el } from "./dom.js";
import { chatAvatar } from "./chatlist.js";
import { modal } from "./dialog.js";
import { reported } from "./live.js";
import { chatTitle } from "./store.js";

/** `pick(chat)` may be asynchronous; its errors are shown. */
export function pickChat(title, note, chats, pick) {
  const choose = (chat) => {
    box.close();
    reported(Promise.resolve(pick(chat)));
  };
  const rows = chats.map((chat) =>
    el(
      "button",
      { class: "pick", type: "button", on: { click: () => choose(chat) } },
      chatAvatar(chat),
      el("span", { text: chatTitle(chat) }),
    ),
  );
  const none = rows.length
    ? null
    : el("p", { text: "There is no such chat. Make one from the list of chats." });
  const box = modal(
    title,
    el(
      "div",
      { class: "modal-body" },
      el("p", { class: "modal-note", text: note }),
      none,
      el("div", { class: "picks" }, rows),
    ),
  );
}
