// The list of commands that opens on "/". The text field keeps the focus; the chosen
// line is announced through aria-activedescendant.

import { el, fill } from "./dom.js";
import { loadState, openChat, state } from "./store.js";

/** `pick(command)` gets what is to be sent. Returns {node, update, close, onKey, any}. */
export function commandMenu(input, pick) {
  const node = el("ul", {
    class: "command-menu",
    id: "command-menu",
    role: "listbox",
    "aria-label": "Commands",
    hidden: true,
  });
  let shown = [];
  let at = 0;
  input.setAttribute("aria-controls", "command-menu");

  function update() {
    const word = /^\/(\w*)$/.exec(input.value);
    const wanted = word ? word[1].toLowerCase() : null;
    shown = wanted === null ? [] : known().filter(({ command }) => command.startsWith(wanted));
    at = 0;
    draw();
    if (input.value === "/") refresh();
  }

  // The bot may have set its commands after this page was opened.
  async function refresh() {
    const before = JSON.stringify(known());
    await loadState().catch(() => {});
    if (JSON.stringify(known()) !== before) update();
  }

  function draw() {
    node.hidden = shown.length === 0;
    fill(
      node,
      shown.map((line, index) => option(line, index)),
    );
    const active = node.hidden ? null : `command-${at}`;
    if (active) input.setAttribute("aria-activedescendant", active);
    else input.removeAttribute("aria-activedescendant");
    node.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function option({ full, description }, index) {
    const take = (event) => {
      event.preventDefault();
      choose(index);
    };
    const props = {
      id: `command-${index}`,
      role: "option",
      "aria-selected": String(index === at),
      on: { pointerdown: take },
    };
    return el("li", props, el("strong", { text: full }), el("span", { text: description }));
  }

  function choose(index) {
    const { full } = shown[index];
    close();
    pick(full);
  }

  function close() {
    shown = [];
    draw();
  }

  function onKey(event) {
    if (node.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at = (at + step + shown.length) % shown.length;
      draw();
    } else if (event.key === "Enter") choose(at);
    else if (event.key === "Tab") {
      input.value = `${shown[at].full} `;
      close();
    } else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  }

  return { node, update, close, onKey, any: () => known().length > 0 };
}

/** Commands of the bots one can talk to here; in groups with the bot's name, as Telegram writes them. */
function known() {
  const chat = openChat();
  if (!chat || chat.type === "channel") return [];
  const bots = chat.bot_id ? state.bots.filter((bot) => bot.id === chat.bot_id) : state.bots.slice(0, 1);
  return bots.flatMap((bot) =>
    commandsFor(bot, chat).map(({ command, description }) => ({
      command,
      description,
      full: chat.type === "private" ? `/${command}` : `/${command}@${bot.username}`,
    })),
  );
}

/** Of what the bot set for scopes and languages, the narrowest that fits, in Telegram's order. */
function commandsFor(bot, chat) {
  if (Array.isArray(bot.commands)) return bot.commands;
  const kind = chat.type === "private" ? "all_private_chats" : "all_group_chats";
  const fitting = [(scope) => scope.type === "chat" && String(scope.chat_id) === String(chat.id)];
  fitting.push(
    (scope) => scope.type === kind,
    (scope) => scope.type === "default",
  );
  const sets = Object.entries(bot.commands || {}).map(([key, commands]) => ({ ...parseKey(key), commands }));
  for (const fits of fitting) {
    for (const language of [state.me.language_code || "", ""]) {
      const found = sets.find((set) => fits(set.scope) && set.language === language);
      if (found) return found.commands;
    }
  }
  return [];
}

/** The key is the scope as JSON, a bar, the language; an empty scope is the default one. */
function parseKey(key) {
  const bar = key.lastIndexOf("|");
  const scope = key.slice(0, bar);
  return { scope: scope ? JSON.parse(scope) : { type: "default" }, language: key.slice(bar + 1) };
}
