// Mini Apps: a page of the bot in a frame. What it says and hears is what Telegram's web client and
// telegram-web-app.js say to each other (core.telegram.org/api/web-events).

import * as api from "./api.js";
import { el, icon, iconButton, toast } from "./dom.js";
import { alertBox, modal } from "./dialog.js";
import { openLink } from "./links.js";
import { reported } from "./live.js";
import * as store from "./store.js";

const { state } = store;
const COLOURS = {
  bg_color: "--bg",
  secondary_bg_color: "--bg-soft",
  text_color: "--text",
  hint_color: "--text-soft",
  link_color: "--link",
  button_color: "--accent",
  button_text_color: "--accent-text",
  destructive_text_color: "--danger",
};

/** Open the app of a button. `how`: {message, button} or {menu: true}; `text` is the button's. */
export async function openMiniApp(chat, how, text, { sendsData = false } = {}) {
  const bot = store.botById(chat.bot_id) || state.bots[0];
  const { url } = await api.openWebApp({ from: state.me.id, bot: bot.id, chat: chat.id, ...how });
  const shown = themed(url);
  if (!shown) return toast("This Mini App has no address a browser can open", "error");
  return show(shown, bot, text, sendsData);
}

const theme = () => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    Object.entries(COLOURS).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]),
  );
};

/** The address with this page's colours, or null where it is none of the web. */
function themed(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (!["http:", "https:"].includes(url.protocol)) return null;
  const fragment = new URLSearchParams(url.hash.slice(1));
  fragment.set("tgWebAppThemeParams", JSON.stringify(theme()));
  url.hash = fragment.toString();
  return url;
}

function show(url, bot, text, sendsData) {
  // An app of this page's own origin must not reach into it.
  const own = url.origin === location.origin;
  const frame = el("iframe", {
    class: "miniapp-frame",
    src: url.href,
    title: `Mini App of ${bot.first_name}`,
    allow: "clipboard-write; camera; microphone; geolocation; fullscreen",
    sandbox: `allow-scripts allow-forms allow-popups allow-modals allow-downloads${own ? "" : " allow-same-origin"}`,
  });
  const main = el("button", { class: "miniapp-main", type: "button", hidden: true });
  const back = iconButton("back", "Back", () => tell("back_button_pressed"));
  back.hidden = true;
  const head = el(
    "header",
    { class: "bar miniapp-bar" },
    back,
    el(
      "div",
      { class: "title-words" },
      el("h2", { text: bot.first_name }),
      el("span", { class: "status", text: `${text} · ${url.host}` }),
    ),
    iconButton("refresh", "Load the Mini App again", () => (frame.src = frame.src)),
    iconButton("close", "Close", () => box.close()),
  );
  const app = { bot, text, sendsData, url, main, back, close: () => box.close(), tell };
  const onMessage = (event) => {
    if (event.source !== frame.contentWindow) return;
    const said = parsed(event.data);
    if (said) HEARD[said.eventType]?.(app, said.eventData || {});
  };
  function tell(eventType, eventData = {}) {
    frame.contentWindow?.postMessage(JSON.stringify({ eventType, eventData }), own ? "*" : url.origin);
  }
  main.addEventListener("click", () => tell("main_button_pressed"));
  addEventListener("message", onMessage);
  const box = el(
    "dialog",
    { class: "miniapp", "aria-label": `Mini App of ${bot.first_name}` },
    head,
    frame,
    main,
  );
  box.addEventListener("close", () => {
    removeEventListener("message", onMessage);
    box.remove();
    store.emit("focus");
  });
  document.body.append(box);
  box.showModal();
  return box;
}

function parsed(data) {
  try {
    const said = typeof data === "string" ? JSON.parse(data) : data;
    return typeof said?.eventType === "string" ? said : null;
  } catch {
    return null; // not meant for Telegram
  }
}

const viewport = ({ tell }) =>
  tell("viewport_changed", {
    height: document.querySelector(".miniapp-frame").clientHeight,
    is_state_stable: true,
    is_expanded: true,
  });

/** What an app may ask for, by the name of its event. */
const HEARD = {
  iframe_ready: ({ tell }) => tell("theme_changed", { theme_params: theme() }),
  web_app_request_theme: ({ tell }) => tell("theme_changed", { theme_params: theme() }),
  web_app_request_viewport: viewport,
  web_app_expand: viewport,
  web_app_close: ({ close }) => close(),
  web_app_open_link: (_app, { url }) => openLink(String(url)),
  web_app_open_tg_link: ({ close }, { path_full: path }) => {
    close();
    openLink(`https://t.me${path}`);
  },
  web_app_setup_main_button: ({ main }, wanted) => setMain(main, wanted),
  web_app_setup_back_button: ({ back }, { is_visible: visible }) => (back.hidden = !visible),
  web_app_open_popup: popup,
  web_app_data_send: sendData,
  web_app_switch_inline_query: ({ bot, close }, { query }) => {
    close();
    store.emit("compose", `@${bot.username} ${query || ""}`);
  },
  web_app_request_phone: ({ tell }) => tell("phone_requested", { status: "cancelled" }),
  web_app_request_write_access: ({ tell }) => tell("write_access_requested", { status: "allowed" }),
};

function setMain(
  main,
  { is_visible: visible, is_active: active, text, is_progress_visible: busy, color, text_color: ink },
) {
  main.hidden = !visible;
  main.disabled = active === false || Boolean(busy);
  main.textContent = text || "Continue";
  main.style.background = CSS.supports("color", color || "") ? color : "";
  main.style.color = CSS.supports("color", ink || "") ? ink : "";
}

function popup({ bot, tell }, { title, message, buttons = [] }) {
  const answer = (id) => tell("popup_closed", id === undefined ? {} : { button_id: id });
  if (buttons.length < 2) {
    const box = alertBox(title || bot.first_name, String(message || ""));
    box.addEventListener("close", () => answer(buttons[0]?.id));
    return;
  }
  let chosen;
  const keys = buttons.map(({ id, type, text }) =>
    el("button", {
      class: "button",
      type: "button",
      text: text || { ok: "OK", close: "Close", cancel: "Cancel" }[type] || id,
      on: { click: () => ((chosen = id), box.close()) },
    }),
  );
  const body = el(
    "div",
    { class: "modal-body" },
    el("p", { text: String(message || "") }),
    el("div", { class: "modal-actions" }, keys),
  );
  const box = modal(title || bot.first_name, body, { onClose: () => answer(chosen) });
}

/** Only apps of a reply keyboard's button may send data; it ends them. */
function sendData({ bot, text, sendsData, close }, { data }) {
  if (!sendsData) return toast("Only a Mini App of a keyboard button sends data", "error");
  close();
  return reported(
    api
      .sendWebAppData({ from: state.me.id, bot: bot.id, data: String(data), button_text: text })
      .then(({ messages }) => {
        const chat = state.chats.find((each) => each.bot_id === bot.id);
        if (chat) store.takeMessages(store.chatKey(chat), messages);
      }),
  );
}

/** The button beside the text field that opens a bot's app, as the bot set it for this person or for all. */
export function menuButton(chat) {
  const button = chat.menu_button;
  if (button?.type !== "web_app") return null;
  const label = button.text || "Open";
  const open = () => reported(openMiniApp(chat, { menu: true }, label));
  return el(
    "button",
    { class: "menu-button", type: "button", on: { click: open } },
    icon("app"),
    el("span", { text: label }),
  );
}
