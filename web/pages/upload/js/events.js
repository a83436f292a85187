// Server-sent events by fetch: EventSource cannot carry credentials in headers.

import { Refusal, call } from "./http.js";

const QUIET = 60000;

/**
 * The events at `path`, as {id, data} with `data` parsed from JSON. Ends where the server ends it; throws a Refusal
 * when it breaks or says nothing (no heartbeat either) for a minute.
 */
export async function* events(path, { lastId, signal }) {
  const extra = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) };
  const response = await call("GET", path, { extra, signal });
  if (response.status === 204 || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const stop = () => reader.cancel().catch(() => {});
  let silent = false;
  let timer = 0;
  let rest = "";
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      timer = setTimeout(() => ((silent = true), stop()), QUIET);
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (silent) throw Refusal.network("silent");
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      yield* blocks.map(parsed).filter(Boolean);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function parsed(block) {
  const event = { id: null, data: null };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "id") event.id = value;
    if (name === "data") event.data = JSON.parse(value);
  }
  return event.data && event;
}
