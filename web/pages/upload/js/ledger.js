// What is on its way, written down so that a closed tab or an empty battery loses nothing: one entry of localStorage
// per upload, so that two tabs do not overwrite each other.

import { mark } from "./access.js";

const PREFIX = "mediagate.upload.";
const KEPT = 7 * 24 * 3600 * 1000;

/** `entry`: {id, name, size, modified, fingerprint, type}. */
export function remember(entry) {
  try {
    localStorage.setItem(PREFIX + entry.id, JSON.stringify({ ...entry, owner: mark(), at: Date.now() }));
  } catch {
    // Storage is full or blocked: the upload goes on, only a closed tab cannot be made good.
  }
}

export function forget(id) {
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // See above.
  }
}

/** What was begun with these credentials and not finished, oldest first. */
export function leftOver() {
  const found = [];
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
      const entry = parsed(localStorage.getItem(key));
      if (!entry || Date.now() - entry.at > KEPT) localStorage.removeItem(key);
      else if (entry.owner === mark()) found.push(entry);
    }
  } catch {
    return [];
  }
  return found.sort((one, other) => one.at - other.at);
}

/** Hold an upload for this tab while it is open, so that another one does not offer it. Released with the page. */
export function hold(id) {
  navigator.locks?.request(PREFIX + id, () => new Promise(() => {})).catch(() => {});
}

/** The ids that some open tab holds. */
export async function held() {
  const { held: locks = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(locks.map(({ name }) => name.slice(PREFIX.length)));
}

function parsed(text) {
  try {
    const entry = JSON.parse(text);
    return typeof entry?.id === "string" && Number.isSafeInteger(entry.size) ? entry : null;
  } catch {
    return null;
  }
}
