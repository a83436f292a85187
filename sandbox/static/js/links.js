// Addresses in messages, on buttons and in Mini Apps: which are safe, where they lead, and copying them.

import * as store from "./store.js";
import { el, toast } from "./dom.js";

const { state } = store;

const SAFE = /^(https?:\/\/|tg:|mailto:|tel:)/i;
const BARE = /^[\w-]+(\.[\w-]+)+(:\d+)?([/?#]|$)/;

/** An address that may become a link, or null: a bot must not be able to run a script in this page. */
export function safeUrl(text) {
  const address = BARE.test(text) ? `https://${text}` : text;
  return SAFE.test(address) && URL.canParse(address) ? address : null;
}

/** Links to a bot of this sandbox open its chat here; all others open a new tab. */
export function openLink(text) {
  const address = safeUrl(text);
  if (!address) return toast("This link cannot be opened", "error");
  const deep = deepLink(address);
  if (deep) return store.emit("deeplink", deep);
  const link = el("a", { href: address, target: "_blank", rel: "noopener noreferrer" });
  link.click();
  return undefined;
}

function deepLink(address) {
  const url = new URL(address);
  const direct = /^(www\.)?(t|telegram)\.me$/.test(url.hostname) ? url.pathname.slice(1) : null;
  const name = url.protocol === "tg:" ? url.searchParams.get("domain") : direct;
  const bot = name && state.bots.find((each) => each.username?.toLowerCase() === name.toLowerCase());
  return bot ? { bot, start: url.searchParams.get("start") } : null;
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not allow copying here", "error");
  }
}
