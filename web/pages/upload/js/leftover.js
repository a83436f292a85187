// What was begun and not finished, by name: the page went away before the last byte. A browser gives no file to a page
// twice, so the person picks it again; then it goes on where it stopped.

import { announce, el, fill, icon } from "./dom.js";
import { fingerprint } from "./fingerprint.js";
import { bytes, percent } from "./format.js";
import * as ledger from "./ledger.js";
import { chooseOne } from "./picking.js";
import { button } from "./row.js";
import * as tus from "./tus.js";
import { follow, t } from "./words.js";

export class Leftovers {
  #entries = [];
  #onPicked;

  /** `onPicked(file, entry)`: the file was found again. */
  constructor(onPicked) {
    this.#onPicked = onPicked;
    this.list = el("ul", { class: "rows" });
    this.node = el("section", { class: "card leftovers", hidden: true });
    this.fault = el("p", { class: "fault", role: "alert", hidden: true });
    follow(() => this.#draw());
  }

  /** Read the ledger, and ask the server how far each came. What it no longer knows is forgotten. */
  async load() {
    const open = await ledger.held();
    const begun = ledger.leftOver().filter(({ id }) => !open.has(id));
    this.#entries = (await Promise.all(begun.map(asked))).filter(Boolean);
    this.#draw();
    if (this.#entries.length) announce(t("leftover.title"));
  }

  /** The entry that this file is, taken off the list; null where it is none. */
  async take(file) {
    const alike = this.#entries.filter(({ size }) => size === file.size);
    if (!alike.length) return null;
    const print = await fingerprint(file).catch(() => null);
    const entry = alike.find((one) => one.fingerprint === print) ?? null;
    if (entry) this.#drop(entry);
    return entry;
  }

  #drop(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#draw();
  }

  #draw() {
    this.node.hidden = !this.#entries.length;
    fill(this.list, ...this.#entries.map((entry) => this.#row(entry)));
    fill(
      this.node,
      el("h2", { text: t("leftover.title") }),
      el("p", { class: "soft", text: t("leftover.hint") }),
    );
    this.node.append(this.fault, this.list);
  }

  #row(entry) {
    const done = { percent: percent(entry.offset, entry.size), size: bytes(entry.size) };
    const again = button("leftover.choose", "primary", () => chooseOne((file) => this.#picked(entry, file)));
    const drop = el(
      "button",
      { class: "icon-button", type: "button", title: t("row.remove") },
      icon("close"),
    );
    drop.setAttribute("aria-label", `${t("row.remove")}: ${entry.name}`);
    drop.addEventListener("click", () => this.#remove(entry));
    again.setAttribute("aria-label", `${t("leftover.choose")}: ${entry.name}`);
    return el(
      "li",
      { class: "row" },
      el("span", { class: "thumb" }, icon("pause")),
      el(
        "div",
        { class: "row-body" },
        el("p", { class: "name", text: entry.name, title: entry.name }),
        el("p", { class: "status", text: t("leftover.state", done) }),
        el("progress", {
          max: entry.size,
          value: entry.offset,
          "aria-label": t("row.progress", { name: entry.name }),
        }),
      ),
      el("div", { class: "row-actions" }, again, drop),
    );
  }

  async #picked(entry, file) {
    const found = await this.take(file);
    const isRight = found === entry;
    this.fault.hidden = isRight;
    this.fault.textContent = isRight ? "" : t("leftover.other", { name: entry.name });
    if (found) this.#onPicked(file, found);
  }

  #remove(entry) {
    ledger.forget(entry.id);
    tus.terminate(entry.id).catch(() => {});
    this.#drop(entry);
  }
}

/** The entry with its offset; null where it is over. Where nobody answers it stays, from an unknown place. */
async function asked(entry) {
  try {
    const { offset } = await tus.head(entry.id);
    if (offset < entry.size) return { ...entry, offset };
    ledger.forget(entry.id);
    return null;
  } catch ({ status }) {
    if (status === 404 || status === 410) ledger.forget(entry.id);
    return status === 404 || status === 410 ? null : { ...entry, offset: 0 };
  }
}
