// One file on its way. It goes on by itself after lost connections and restarts of the server, for as long as the page
// is open, and tells on every change; what a person sees of it is elsewhere.

import { fingerprint } from "./fingerprint.js";
import { Refusal } from "./http.js";
import * as ledger from "./ledger.js";
import { delay, sleep } from "./patience.js";
import { Speed } from "./speed.js";
import * as tus from "./tus.js";
import { watch } from "./watching.js";

const KIB = 1024;
const FIRST_SLICE = 256 * KIB; // the server judges the type by the first bytes: a refusal comes before many are sent
const LARGEST_SLICE = 64 * KIB * KIB; // below what proxies in front commonly let through
const MOST_BEGINNINGS = 3;
const MOST_FAULTS = 5;

/**
 * `phase`: ready → waiting → sending ⇄ retrying → received → stored; paused and failed can be gone on from. `offset`
 * is what the server has, `sent` what has gone out.
 */
export class Transfer {
  id = null;
  phase = "ready";
  offset = 0;
  sent = 0;
  mediaId = null;
  failure = null;
  retryAt = null;
  speed = new Speed();
  details = null;
  isUnseen = false; // received, and nobody tells what becomes of it
  #known = false;
  #beginnings = 0;
  #slice = FIRST_SLICE;
  #control = new AbortController();

  /** `begun`: the ledger's entry, where the file was begun before. */
  constructor(file, onChange, begun = null) {
    Object.assign(this, { file, name: file.name, size: file.size, onChange });
    if (begun) this.#adopt(begun);
  }

  #adopt({ id, offset = 0 }) {
    this.id = id;
    this.offset = this.sent = offset;
    ledger.hold(id);
  }

  get isActive() {
    return ["waiting", "sending", "retrying"].includes(this.phase);
  }

  get isOver() {
    return ["received", "stored"].includes(this.phase);
  }

  /** Send until the last byte is in, or until something ends it. Never rejects: `phase` tells. */
  async run() {
    this.#control = new AbortController();
    const { signal } = this.#control;
    this.speed.reset();
    this.#become("sending", { failure: null });
    this.#known = false;
    this.#beginnings = 0;
    let tries = 0;
    try {
      while (this.offset < this.size || !this.#known) {
        const before = this.offset;
        try {
          await this.#step(signal);
          tries = 0;
        } catch (error) {
          signal.throwIfAborted();
          tries = this.offset > before ? 1 : tries + 1;
          await this.#recover(error, tries, signal);
        }
      }
      this.#received(signal);
    } catch (error) {
      if (!signal.aborted) this.#become("failed", { failure: error });
    }
  }

  /** It cannot go: say why before a byte is sent. */
  refuse(problem) {
    this.#become("failed", { failure: problem });
  }

  pause() {
    this.#control.abort();
    this.sent = this.offset;
    this.#become("paused");
  }

  /** Drop it, here and on the server. */
  async remove() {
    this.#control.abort();
    this.phase = "removed";
    if (!this.id || this.mediaId) return;
    ledger.forget(this.id);
    await tus.terminate(this.id).catch(() => {});
  }

  async #step(signal) {
    if (!this.id) await this.#begin(signal);
    else if (!this.#known) await this.#ask(signal);
    else await this.#send(signal);
  }

  async #begin(signal) {
    this.#beginnings += 1;
    if (this.#beginnings > MOST_BEGINNINGS) throw new Refusal(410, "begun_in_vain");
    const print = await readable(fingerprint(this.file));
    const id = await tus.create(this.size, { filename: this.name, ...this.details }, signal);
    const { name, size } = this;
    ledger.remember({ id, name, size, modified: this.file.lastModified, fingerprint: print });
    this.#adopt({ id });
    this.#known = true;
  }

  async #ask(signal) {
    this.#arrived(await tus.head(this.id, signal));
  }

  async #send(signal) {
    const start = this.offset;
    const end = Math.min(this.size, start + this.#slice);
    const begun = performance.now();
    this.speed.add(start);
    await readable(this.file.slice(start, start + 1).arrayBuffer());
    const onSent = (bytes) => {
      this.sent = start + bytes;
      this.speed.add(this.sent);
      this.#become("sending");
    };
    this.#known = false;
    const online = untilOffline(signal);
    try {
      this.#arrived(await tus.send(this.id, this.file, start, end, { onSent, signal: online.signal }));
    } finally {
      online.abort();
    }
    if (performance.now() - begun < 8000) this.#slice = Math.min(LARGEST_SLICE, this.#slice * 4);
  }

  #arrived({ offset, mediaId }) {
    this.offset = this.sent = offset;
    this.mediaId = mediaId ?? this.mediaId;
    this.#known = true;
    this.#become("sending");
  }

  /** Wait before the next try; throws what no try will mend. */
  async #recover(error, tries, signal) {
    this.#known = false;
    const problem =
      error instanceof Refusal ? error : new Refusal(0, "unexpected", { detail: String(error) });
    if (this.#isGone(problem)) {
      ledger.forget(this.id);
      this.id = null;
      this.offset = this.sent = 0;
    } else if (!mayPass(problem, tries)) throw problem;
    else if (problem.status === 409 && tries === 1) return; // another offset than we thought: ask for it at once
    this.#slice = Math.max(FIRST_SLICE, this.#slice / 4);
    const milliseconds = delay(tries, problem.retryAfter);
    this.sent = this.offset;
    this.#become("retrying", { failure: problem, retryAt: Date.now() + milliseconds });
    await sleep(milliseconds, signal);
    this.speed.reset();
    this.#become("sending", { failure: null, retryAt: null });
  }

  /** The server does not know the upload (any more): expired, or its invitation ended, which the next answer tells. */
  #isGone({ status, code }) {
    return this.id && [404, 410].includes(status) && !["invitation_ended", "begun_in_vain"].includes(code);
  }

  #received(signal) {
    ledger.forget(this.id);
    this.#become("received");
    const onState = ({ phase, media_id: mediaId, error }) => {
      this.mediaId = mediaId ?? this.mediaId;
      if (phase === "done") this.#become("stored");
      else if (phase === "failed")
        this.#become("failed", { failure: new Refusal(0, error?.code ?? "failed", error ?? {}) });
      else this.#become(this.phase);
    };
    const followed = watch(this.id, onState, signal);
    followed.then((may) => may || this.#become(this.phase, { isUnseen: true })).catch(() => {});
  }

  #become(phase, changes = {}) {
    if (this.phase === "removed") return;
    Object.assign(this, changes, { phase });
    this.onChange(this);
  }
}

/** A file that was moved or changed since it was chosen cannot be read; no later try reads it either. */
async function readable(reading) {
  try {
    return await reading;
  } catch {
    throw new Refusal(0, "unreadable");
  }
}

function mayPass({ status, code }, tries) {
  // A day's quota passes too, but nobody waits for tomorrow in front of a page.
  if (["unreadable", "begun_in_vain", "quota_exceeded"].includes(code)) return false;
  if ([0, 408, 409, 423, 425, 429, 502, 503, 504].includes(status))
    return status !== 409 || tries <= MOST_FAULTS;
  return status >= 500 && tries <= MOST_FAULTS;
}

/** What is on its way when the network goes will not arrive, and its connection may not notice for minutes. */
function untilOffline(signal) {
  const over = new AbortController();
  const options = { signal: over.signal };
  window.addEventListener("offline", () => over.abort(Refusal.network("offline")), options);
  signal.addEventListener("abort", () => over.abort(signal.reason), options);
  return over;
}
