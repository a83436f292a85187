// Where one writes. Enter sends, Shift+Enter makes a line, typing "/" offers the bot's commands.

import { el, fill, icon, iconButton, toast } from "./dom.js";
import { menu } from "./dialog.js";
import { personName } from "./format.js";
import { edit, send } from "./actions.js";
import { commandMenu } from "./commands.js";
import { replyKeys } from "./keyboard.js";
import { summary } from "./summary.js";
import { chooseFiles, pretendItems, sampleItem } from "./attach.js";
import { shareContact } from "./keyboard.js";
import { inlineResults } from "./inline.js";
import { menuButton } from "./miniapp.js";
import { stickerPanel } from "./stickerpanel.js";
import { voiceButton } from "./recorder.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;

/** Returns {node, draw, focus, takeReply}. takeReply() gives and clears what is being answered. */
export function composer() {
  let context = null; // {verb: "reply" | "edit", message}
  let keysOpen = true;
  let keysFor = null;

  const text = el("textarea", {
    id: "composer-text",
    rows: "1",
    placeholder: "Message",
    "aria-label": "Message",
    dir: "auto",
    autocomplete: "off",
    enterkeyhint: "send",
  });
  const quote = el("div", { class: "composer-quote", hidden: true });
  const keysBox = el("div", { class: "keys-box" });
  const keysToggle = iconButton("keyboard", "Show or hide the bot's keyboard", () => {
    keysOpen = !keysOpen;
    draw();
  });
  const clip = iconButton("clip", "Attach", () => attachMenu(), "attach");
  const sendButton = iconButton("send", "Send", () => submit(), "send");
  const voice = voiceButton(() => ({ chat: store.openChat(), ...takeReply() }));
  const commands = commandMenu(text, (command) => {
    setText("");
    reported(send(store.openChat(), { text: command }));
  });
  const inline = inlineResults(
    text,
    () => ({ chat: store.openChat(), ...takeReply() }),
    () => setText(""),
  );
  const appBox = el("div", { class: "menu-button-box" });
  const slash = iconButton(
    "slash",
    "Commands",
    () => {
      setText("/");
      text.focus();
      commands.update();
    },
    "slash",
  );
  const smile = iconButton("smile", "Emoji and stickers", () => panel.toggle(), "smile");
  const panel = stickerPanel({
    typed: (emoji) => {
      text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
      grow();
    },
    target: () => ({ chat: store.openChat(), ...takeReply() }),
    onToggle: (open) => smile.setAttribute("aria-expanded", String(open)),
  });
  const row = el(
    "div",
    { class: "composer-row" },
    appBox,
    clip,
    el("div", { class: "composer-field" }, text, slash, keysToggle, smile),
    sendButton,
    voice.node,
  );
  const closed = el("p", {
    class: "composer-closed",
    text: "Only administrators post in this channel",
    hidden: true,
  });
  const node = el(
    "div",
    { class: "composer" },
    commands.node,
    inline.node,
    quote,
    row,
    closed,
    panel.node,
    keysBox,
  );

  function attachMenu() {
    const { left, top } = clip.getBoundingClientRect();
    menu({ x: left, y: top - 8, up: true }, [
      { icon: "image", label: "Photo or video", run: () => chooseFiles(false) },
      { icon: "file", label: "File", run: () => chooseFiles(true) },
      sampleItem(),
      { icon: "phone", label: "My phone number", run: () => reported(shareContact(store.openChat())) },
      ...pretendItems((fields, label) =>
        reported(send(store.openChat(), { ...fields, ...takeReply() }, label)),
      ),
    ]);
  }

  function setText(value) {
    text.value = value;
    grow();
  }

  function grow() {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
    const empty = text.value.trim() === "";
    const recording = empty && voice.available && context?.verb !== "edit";
    sendButton.hidden = recording;
    voice.node.hidden = !recording;
    slash.hidden = text.value !== "" || !commands.any();
    if (state.openKey) store.thread(state.openKey).draft = text.value;
  }

  function setContext(next) {
    context = next;
    if (next?.verb === "edit") setText(next.message.text ?? next.message.caption ?? "");
    drawQuote();
    grow();
    if (next) text.focus();
  }

  function drawQuote() {
    quote.hidden = !context;
    if (!context) return;
    const { verb, message } = context;
    const title =
      verb === "edit" ? "Edit message" : `Reply to ${personName(message.sender_chat || message.from)}`;
    const words = el(
      "div",
      { class: "quote-words" },
      el("strong", { text: title }),
      el("span", { text: context.quote || summary(message) }),
    );
    fill(
      quote,
      icon(verb),
      words,
      iconButton("close", "Cancel", () => leave()),
    );
  }

  function leave() {
    if (context?.verb === "edit") setText("");
    setContext(null);
  }

  function takeReply() {
    const { verb, message, quote: part } = context || {};
    const reply =
      verb === "reply" ? { reply_to_message_id: message.message_id, ...(part ? { quote: part } : {}) } : {};
    setContext(null);
    return reply;
  }

  function submit() {
    const value = text.value.trim();
    const chat = store.openChat();
    if (!value || !chat) return;
    if (value.length > 4096) return toast("A message has at most 4096 characters", "error");
    commands.close();
    const editing = context?.verb === "edit" ? context.message : null;
    const reply = takeReply();
    setText("");
    text.focus();
    reported(editing ? edit(chat, editing, value) : send(chat, { text: value, ...reply }));
  }

  text.addEventListener("input", () => {
    grow();
    commands.update();
    inline.update();
  });
  text.addEventListener("keydown", (event) => {
    if (event.isComposing || commands.onKey(event) || inline.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && context) leave();
    else if (event.key === "ArrowUp" && text.value === "") editLast(event);
  });

  function editLast(event) {
    const last = store
      .sorted(state.openKey)
      .filter((message) => store.wroteIt(message) && (message.text ?? message.caption))
      .at(-1);
    if (!last) return;
    event.preventDefault();
    setContext({ verb: "edit", message: last });
  }

  store.subscribe("reply", ({ message, quote }) => setContext({ verb: "reply", message, quote }));
  store.subscribe("people", grow);
  store.subscribe("compose", (words) => {
    setText(words);
    text.focus();
    inline.update();
  });
  store.subscribe("edit", (message) => setContext({ verb: "edit", message }));

  let shownKey = null;
  function draw() {
    if (state.openKey !== shownKey) {
      shownKey = state.openKey;
      context = null;
      panel.close();
      inline.close();
      setText(shownKey ? store.thread(shownKey).draft : "");
      drawQuote();
    }
    const chat = store.openChat();
    row.hidden = Boolean(chat) && !store.mayWrite(chat);
    closed.hidden = !row.hidden;
    fill(appBox, chat?.bot_id ? menuButton(chat) : null);
    drawKeys();
    grow();
  }

  function drawKeys() {
    const markup = state.openKey ? store.replyKeyboard(state.openKey) : null;
    if (markup && markup.message_id !== keysFor) keysOpen = true;
    const mark = JSON.stringify([markup, keysOpen]);
    keysFor = markup?.message_id ?? null;
    keysToggle.hidden = !markup;
    keysToggle.setAttribute("aria-expanded", String(Boolean(markup && keysOpen)));
    text.placeholder = (markup && keysOpen && markup.input_field_placeholder) || "Message";
    if (keysBox.dataset.mark === mark) return;
    keysBox.dataset.mark = mark;
    fill(keysBox, markup && keysOpen ? replyKeys(markup) : null);
  }

  return { node, draw, takeReply, focus: () => matchMedia("(hover: hover)").matches && text.focus() };
}
