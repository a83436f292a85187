// Looking at one picture after the other, or at before and after together. A dialog of the browser's own: it keeps the
// focus inside, closes with Escape, and on a phone with the button that goes back.

import { el, fill } from "../../../upload/static/js/dom.js";
import { date, facts } from "../../../upload/static/js/format.js";
import { t } from "../../../upload/static/js/words.js";
import { isVisual } from "./files.js";
import { quiet, shown, warm } from "./showing.js";
import { sign } from "./signs.js";
import { swipes } from "./swiping.js";
import { saving } from "./tile.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };

export class Viewer {
  #at = 0;
  #together = false;
  #steps = [];

  /** `files` in the order of the page. */
  constructor(files) {
    this.files = files;
    const on = (side) => files.filter((file) => file.side === side && isVisual(file));
    const [before, after] = [on("before"), on("after")];
    const longest = before.length && after.length ? Math.max(before.length, after.length) : 0;
    this.pairs = Array.from({ length: longest }, (_, at) => [
      before[Math.min(at, before.length - 1)],
      after[Math.min(at, after.length - 1)],
    ]);
    this.node = this.#build();
  }

  /** Show a file. */
  open(file) {
    this.#together = false;
    this.#steps = this.files.map((one) => [one]);
    this.#at = this.files.indexOf(file);
    this.node.showModal();
    history.pushState({ viewing: true }, "");
    this.#draw();
    this.stage.focus();
  }

  #build() {
    this.stage = el("div", { class: "stage", tabindex: "-1" });
    this.count = el("p", { class: "count", "aria-live": "polite" });
    this.tools = el("div", { class: "tools" });
    this.words = el("div", { class: "words" });
    this.back = arrow("back", () => this.#step(-1));
    this.next = arrow("next", () => this.#step(1));
    const node = el(
      "dialog",
      { class: "viewer", on: { keydown: (event) => this.#press(event), close: () => this.#closed() } },
      el("div", { class: "viewer-bar" }, this.count, this.tools),
      this.stage,
      this.back,
      this.next,
      this.words,
    );
    swipes(this.stage, { left: () => this.#step(1), right: () => this.#step(-1), down: () => node.close() });
    window.addEventListener("popstate", () => node.open && node.close());
    return node;
  }

  #press(event) {
    const step = KEYS[event.key];
    // A film's own bar moves by the arrows too.
    if (step && event.target.tagName !== "VIDEO") {
      event.preventDefault();
      this.#step(step);
    }
  }

  #step(by) {
    const to = this.#at + by;
    if (to < 0 || to >= this.#steps.length) return;
    this.#at = to;
    this.#draw();
  }

  /** One picture, or the pair it belongs to. */
  #turn() {
    const [file] = this.#steps[this.#at];
    this.#together = !this.#together;
    this.#steps = this.#together ? this.pairs : this.files.map((one) => [one]);
    this.#at = Math.max(0, this.#steps.findIndex((files) => files.includes(file)));
    this.#draw();
    this.tools.querySelector(".turn")?.focus();
  }

  #draw() {
    const files = this.#steps[this.#at];
    quiet(this.stage);
    fill(this.stage, files.map((file) => panel(file, this.#together)));
    this.stage.classList.toggle("two", this.#together);
    this.count.textContent = t("viewer.count", { at: this.#at + 1, all: this.#steps.length });
    for (const [button, at] of [[this.back, this.#at - 1], [this.next, this.#at + 1]]) {
      button.hidden = at < 0 || at >= this.#steps.length;
    }
    label(this.node, t("viewer.title"));
    label(this.back, t("viewer.back"));
    label(this.next, t("viewer.next"));
    fill(this.tools, this.#turning(files), !this.#together && files[0].readable && saving(files[0]), this.#closing());
    fill(this.words, this.#together ? null : captions(files[0]));
    for (const file of this.#steps[this.#at + 1] ?? []) warm(file);
  }

  #turning([file]) {
    if (!this.pairs.length || !["before", "after"].includes(file.side)) return null;
    const text = t(this.#together ? "viewer.single" : "viewer.pair");
    const attributes = { class: "icon-button turn", type: "button", title: text, "aria-label": text };
    return el(
      "button",
      { ...attributes, "aria-pressed": String(this.#together), on: { click: () => this.#turn() } },
      sign("compare"),
    );
  }

  #closing() {
    const text = t("viewer.close");
    const attributes = { class: "icon-button close", type: "button", title: text, "aria-label": text };
    return el("button", { ...attributes, on: { click: () => this.node.close() } }, sign("close"));
  }

  #closed() {
    quiet(this.stage);
    const [file] = this.#steps[this.#at];
    fill(this.stage);
    if (history.state?.viewing) history.back();
    document.querySelector(`.tile[data-id="${file.id}"]`)?.focus();
  }
}

function panel(file, isNamed) {
  const name = isNamed ? el("figcaption", { class: `side ${file.side}`, text: t(`side.${file.side}`) }) : null;
  return el("figure", {}, name, shown(file));
}

function captions(file) {
  const about = facts([t(`side.${file.side}`), file.uploaded_by, date(file.uploaded_at)].filter(Boolean));
  return [file.description ? el("p", { text: file.description }) : null, el("p", { class: "soft", text: about })];
}

function arrow(name, onClick) {
  return el("button", { class: `arrow ${name}`, type: "button", on: { click: onClick } }, sign(name));
}

const label = (node, text) => node.setAttribute("aria-label", text);
