// What can be done with a message: reply, edit, react, forward, copy, delete.

import { el } from "./dom.js";
import { menu } from "./dialog.js";
import { copyText, forward, react, remove } from "./actions.js";
import { reported } from "./live.js";
import { chatKey, emit, mayWrite, state, wroteIt } from "./store.js";
import { pickChat } from "./picker.js";
import { summary } from "./summary.js";

const EMOJI = ["👍", "❤", "🔥", "🎉", "👀", "👎"];

export function messageMenu(chat, messages, at) {
  const [message] = messages;
  const captioned = messages.find((each) => each.caption) || message;
  const text = message.text ?? captioned.caption;
  const editable = wroteIt(message) && (message.text !== undefined || captioned.caption !== undefined);
  const items = [
    { icon: "reply", label: "Reply", run: () => emit("reply", message) },
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

function reactionBar(chat, message, close) {
  const choose = (emoji) => {
    close();
    const mine = (message.reactions || []).find(({ user_id }) => user_id === state.me.id);
    reported(react(chat, message, mine?.emoji === emoji ? null : emoji));
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
