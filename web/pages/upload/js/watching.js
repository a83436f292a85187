// What becomes of a file after its last byte: it is safe here, then in the archive. Browsers open six connections to
// a server at most, and uploads need theirs, so watchers share two and take turns.

import { events } from "./events.js";
import { json } from "./http.js";
import { delay, sleep } from "./patience.js";

const CONNECTIONS = 2;
const TURN = 15000;

let running = 0;
const waiting = [];

/**
 * Follow an upload until it is done or has failed; `onState` gets each progress object. Whether it may be followed to
 * its end: an invitation that is taken back lets nobody look any more, and what ended over an hour ago is forgotten.
 */
export async function watch(id, onState, signal) {
  let lastId = null;
  for (let tries = 0; ;) {
    const ours = await turn(signal);
    try {
      for await (const event of events(`streaming/upload/progress/${id}`, { lastId, signal: ours.signal })) {
        tries = 0;
        lastId = event.id;
        onState(event.data);
        if (isOver(event.data)) return true;
      }
    } catch (error) {
      signal.throwIfAborted();
      if ([401, 403, 404, 410].includes(error.status)) return false;
      tries += 1;
    } finally {
      ours.end();
    }
    await sleep(tries ? delay(tries) : 50, signal);
    if (tries > 2 && (await look(id, onState))) return true;
  }
}

/** Ask once, for where a proxy lets no events through. Whether it is over. */
async function look(id, onState) {
  try {
    const state = await json("GET", `streaming/upload/progress/${id}`);
    onState(state);
    return isOver(state);
  } catch {
    return false;
  }
}

const isOver = ({ phase }) => phase === "done" || phase === "failed";

/** A place among the connections. Its `signal` ends the turn once it was long and others wait. */
async function turn(signal) {
  if (running >= CONNECTIONS) await new Promise((resolve) => waiting.push(resolve));
  else running += 1;
  const over = new AbortController();
  const stop = () => over.abort(signal.reason);
  signal.addEventListener("abort", stop);
  const timer = setInterval(() => waiting.length && over.abort(), TURN);
  const end = () => {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  if (signal.aborted) stop();
  return { signal: over.signal, end };
}
