// What can be done with a message: reply, edit, react, forward, copy, delete.

import { el } from "./dom.js";
import { menu } from "./dialog.js";
import { forward, react, remove } from "./actions.js";
import { copyText } from "./links.js";
import { reported } from "./live.js";
import { chatKey, emit, mayWrite, state, wroteIt } from "./store.js";
import { pickChat } from "./picker.js";
import { summary } from "./summary.js";

const EMOJI = ["👍", "❤", "🔥", "🎉", "👀", "👎"];

export function messageMenu(chat, messages, at, part = null) {
  const [message] = messages;
  const captioned = messages.find((each) => each.caption) || message;
  const text = message.text ?? captioned.caption;
  const editable = wroteIt(message) && (message.text !== undefined || captioned.caption !== undefined);
  const items = [
    {
      icon: "reply",
      label: part ? "Reply to the marked words" : "Reply",
      run: () => emit("reply", { message, quote: part }),
    },
    text && { icon: "copy", label: "Copy text", run: () => copyText(text) },
    editable && { icon: "edit", label: "Edit", run: () => emit("edit", captioned) },
    { icon: "forward", label: "Forward", run: () => forwardDialog(chat, messages) },
    {
      icon: "trash",
      label: "Delete",
      danger: true,
      run: () => reported(Promise.all(messages.map((each) => remove(chat, each)))),
    },
  ];
  return menu(at, items, (close) => reactionBar(chat, message, close));
}

export const ownReaction = (message) =>
  (message.reactions || []).find(({ user_id }) => user_id === state.me.id)?.emoji;

function reactionBar(chat, message, close) {
  const choose = (emoji) => {
    close();
    reported(react(chat, message, ownReaction(message) === emoji ? null : emoji));
  };
  const buttons = EMOJI.map((emoji) =>
    el("button", {
      type: "button",
      "aria-label": `React with ${emoji}`,
      text: emoji,
      on: { click: () => choose(emoji) },
    }),
  );
  return el("div", { class: "reaction-bar" }, buttons);
}

function forwardDialog(chat, messages) {
  pickChat("Forward to", summary(messages[0]), state.chats.filter(mayWrite), async (target) => {
    for (const message of messages) await forward(chat, message, target);
    emit("open", chatKey(target));
  });
}
