// Inline mode: "@bot query" in the text field asks the bot, and one of its results is sent.

import * as api from "./api.js";
import { el, fill, icon } from "./dom.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;
const WAIT = 350; // milliseconds without a key before the bot is asked
const GLYPHS = { photo: "image", video: "film", audio: "music", voice: "mic", gif: "film", document: "file" };

/** `target()` gives {chat, reply…}, `done()` is called when a result was sent. Returns {node, update, close, onKey}. */
export function inlineResults(input, target, done) {
  const node = el("div", { class: "inline-results", hidden: true });
  const list = el("ul", { role: "listbox", id: "inline-results", "aria-label": "Results of the bot" });
  const note = el("p", { class: "inline-note", role: "status" });
  node.append(note, list);
  let timer = null;
  let asked = 0;
  let found = { results: [] };
  let at = 0;

  function update() {
    clearTimeout(timer);
    const wanted = addressed(input.value);
    asked += 1;
    if (!wanted) return close();
    timer = setTimeout(() => reported(ask(wanted)), WAIT);
    return undefined;
  }

  async function ask({ bot, query }) {
    const mine = asked;
    node.hidden = false;
    note.textContent = `Asking ${bot.first_name}…`;
    const chat = store.openChat();
    const answer = await api
      .askInline({ from: state.me.id, bot: bot.id, query, ...place(chat) })
      .catch((error) => {
        close();
        throw error;
      });
    if (mine !== asked) return;
    found = answer;
    at = 0;
    draw(bot);
  }

  function draw(bot) {
    const count = found.results.length;
    note.textContent = found.answered ? (count ? "" : "Nothing found") : `${bot.first_name} did not answer`;
    note.hidden = note.textContent === "";
    fill(list, startButton(bot, found.button), found.results.map(option));
    mark();
  }

  function option(result, index) {
    const take = (event) => {
      event.preventDefault();
      reported(choose(index));
    };
    return el(
      "li",
      { role: "option", id: `inline-${index}`, on: { pointerdown: take } },
      el("span", { class: "inline-face", "aria-hidden": "true" }, icon(GLYPHS[result.type] || "file")),
      el(
        "span",
        { class: "file-words" },
        el("span", { class: "file-name", text: result.title || result.caption || result.type }),
        result.description ? el("span", { class: "file-size", text: result.description }) : null,
      ),
    );
  }

  function mark() {
    const options = [...list.querySelectorAll("[role=option]")];
    options.forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
    options[at]?.scrollIntoView({ block: "nearest" });
    if (options.length) input.setAttribute("aria-activedescendant", `inline-${at}`);
  }

  async function choose(index) {
    const { chat, ...reply } = target();
    const body = { from: state.me.id, query_id: found.query_id, result_id: found.results[index].id };
    close();
    done();
    const answer = await api.chooseInline({ ...body, ...place(chat), ...reply });
    store.takeMessages(store.chatKey(chat), answer.messages);
  }

  function close() {
    asked += 1;
    found = { results: [] };
    node.hidden = true;
    list.replaceChildren();
    input.removeAttribute("aria-activedescendant");
  }

  function onKey(event) {
    const count = found.results.length;
    if (node.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    else if (step && count) {
      at = (at + step + count) % count;
      mark();
    } else if (event.key === "Enter" && count) reported(choose(at));
    else return false;
    event.preventDefault();
    return true;
  }
  return { node, update, close, onKey };
}

const place = (chat) => ({ chat: chat.id, ...(chat.bot_id ? { chat_bot: chat.bot_id } : {}) });

function addressed(text) {
  const found = /^@(\w+)\s(.*)$/s.exec(text);
  const bot = found && state.bots.find(({ username }) => username?.toLowerCase() === found[1].toLowerCase());
  return bot && bot.supports_inline_queries !== false ? { bot, query: found[2].trim() } : null;
}

/** The button above the results leads into the chat with the bot. */
function startButton(bot, button) {
  if (!button?.text) return null;
  const go = (event) => {
    event.preventDefault();
    store.emit("deeplink", { bot, start: button.start_parameter });
  };
  return el(
    "li",
    {},
    el("button", { class: "inline-start", type: "button", text: button.text, on: { pointerdown: go } }),
  );
}
