// The list of files, and the bar below that sums them up and starts them.

import { copy, listing } from "./copying.js";
import { announce, el, fill, icon, say } from "./dom.js";
import { explain } from "./failures.js";
import { bytes, facts, percent, timeLeft } from "./format.js";
import { nudge } from "./patience.js";
import { Row } from "./row.js";
import { follow, plural, t } from "./words.js";

const ACTIVE = ["waiting", "sending", "retrying"];

/** `does`: {start, pause, remove, startAll, pauseAll, resumeAll}. `bar` is the page's footer. */
export class FileList {
  #rows = new Map();
  #phases = new Map();
  #due = false;

  constructor(queue, does, bar) {
    Object.assign(this, { queue, does, bar });
    this.list = el("ul", { class: "rows" });
    this.title = el("h2");
    this.node = el("section", { class: "card files", hidden: true }, this.title, this.list);
    this.summary = el("p", { class: "summary" });
    this.total = el("progress", { max: 1000, hidden: true });
    this.go = el("button", { class: "button primary", type: "button", on: { click: () => this.#press() } });
    this.aside = el("button", { class: "button", type: "button", on: { click: () => this.#pressAside() } });
    fill(bar, this.total, el("div", { class: "bar-inner" }, this.summary, this.aside, this.go));
    // A countdown of seconds, and an estimate that grows while nothing comes.
    setInterval(() => queue.of("retrying", "sending").length && this.changed(), 1000);
    follow(() => this.draw());
  }

  /** Draw before the next frame, however many changes there are until then. A hidden page draws none: then at once. */
  changed(transfer = null) {
    if (transfer) this.#tell(transfer);
    if (document.visibilityState === "hidden") this.draw();
    else if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => this.draw());
    }
  }

  /** Bring the list into view where it lies below what one has just used: on a phone. */
  show() {
    if (matchMedia("(min-width: 900px)").matches) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    requestAnimationFrame(() => this.node.scrollIntoView({ behavior, block: "start" }));
  }

  draw() {
    this.#due = false;
    const { transfers } = this.queue;
    for (const [transfer, row] of this.#rows) {
      if (transfers.includes(transfer)) continue;
      row.node.remove();
      this.#rows.delete(transfer);
    }
    for (const transfer of transfers) this.#row(transfer).draw();
    this.node.hidden = !transfers.length;
    say(this.title, t("files.title"));
    this.#drawBar();
  }

  #row(transfer) {
    if (!this.#rows.has(transfer)) {
      const row = new Row(transfer, this.does);
      this.#rows.set(transfer, row);
      this.list.append(row.node);
    }
    return this.#rows.get(transfer);
  }

  #drawBar() {
    const { queue } = this;
    const [ready, active, paused] = [queue.of("ready"), queue.of(...ACTIVE), queue.of("paused")];
    const kept = queue.of("received", "stored");
    const offline =
      active.length && active.every(({ phase }) => phase !== "sending") && queue.of("retrying").length;
    this.bar.hidden = !queue.transfers.length;
    this.mode = ready.length ? "start" : offline ? "now" : !active.length && kept.length ? "copy" : null;
    this.aside.hidden = !active.length && !paused.length;
    this.asideMode = active.length ? "pause" : "resume";
    say(this.aside, t(`bar.${this.asideMode}_all`));
    this.go.hidden = !this.mode;
    if (this.mode === "start") say(this.go, plural("bar.start", ready.length));
    else if (this.mode) say(this.go, t(`bar.${this.mode}`));
    say(this.summary, this.#summaryText(ready, [...active, ...paused], kept));
    this.#drawTotal(active, paused, kept);
  }

  #summaryText(ready, moving, kept) {
    if (moving.length) {
      const left = moving.reduce((sum, { size, sent }) => sum + size - sent, 0);
      const rate = moving.reduce((sum, { phase, speed }) => sum + (phase === "sending" ? speed.rate : 0), 0);
      const parts = [t("bar.progress", { done: kept.length, all: kept.length + moving.length })];
      if (rate) parts.push(timeLeft(left / rate));
      return facts(parts);
    }
    if (ready.length) return plural("bar.ready", ready.length, { size: bytes(sum(ready)) });
    const counts = { kept: kept.length, failed: this.queue.of("failed").length };
    const parts = Object.entries(counts).filter(([, count]) => count);
    return facts(parts.map(([name, count]) => plural(`bar.${name}`, count)));
  }

  #drawTotal(active, paused, kept) {
    const moving = [...active, ...paused, ...kept];
    const whole = sum(moving);
    const sent = moving.reduce((total, { sent: part }) => total + part, 0);
    this.total.hidden = !active.length;
    this.total.value = whole ? Math.floor((1000 * sent) / whole) : 0;
    this.total.setAttribute("aria-label", t("bar.total"));
    document.title = active.length ? `${percent(sent, whole)} % · ${t("page.title")}` : t("page.title");
  }

  #press() {
    if (this.mode === "start") this.does.startAll();
    else if (this.mode === "now") nudge();
    else this.#copyAll();
  }

  #pressAside() {
    if (this.asideMode === "pause") this.does.pauseAll();
    else this.does.resumeAll();
  }

  async #copyAll() {
    const worked = await copy(listing(this.queue.of("received", "stored")));
    announce(t(worked ? "copied" : "copied_not"));
    fill(this.go, icon(worked ? "check" : "alert"), t(worked ? "copied" : "copied_not"));
    setTimeout(() => this.changed(), 1800);
  }

  /** Say aloud what changed, once. */
  #tell(transfer) {
    const { phase, name, failure } = transfer;
    if (this.#phases.get(transfer) === phase) return;
    const before = this.#phases.get(transfer);
    this.#phases.set(transfer, phase);
    if (phase === "failed") announce(t("told.failed", { name, reason: explain(failure) }));
    else if (phase === "retrying" && before !== "retrying") announce(t("told.retrying", { name }));
    else if (phase === "received" || phase === "stored") announce(t(`told.${phase}`, { name }));
  }
}

const sum = (transfers) => transfers.reduce((total, { size }) => total + size, 0);
