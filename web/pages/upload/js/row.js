// One file in the list: what it is, how far it is, what can be done with it. The node and its buttons stay the same
// all along, so that neither the keyboard's focus nor a screen reader loses its place.

import { isInvited } from "./access.js";
import { copy, linkTo, listing } from "./copying.js";
import { announce, el, fill, icon, say } from "./dom.js";
import { explain } from "./failures.js";
import { bytes, facts, percent, speed, timeLeft } from "./format.js";
import { illustrate } from "./thumb.js";
import { t } from "./words.js";

/** Failures that the same file meets again. */
const HOPELESS = [
  "type_not_allowed",
  "type_contradiction",
  "file_too_large",
  "empty_file",
  "unreadable",
  "begun_in_vain",
];

/** What the first button does in each phase; none: there is no such button. */
const ACTIONS = {
  ready: null,
  waiting: ["pause", "pause"],
  sending: ["pause", "pause"],
  retrying: ["pause", "pause"],
  paused: ["resume", "play"],
  failed: ["again", "again"],
  received: ["copy", "copy"],
  stored: ["copy", "copy"],
};
const LINK = ["link", "link"];

export class Row {
  #shown = {};

  /** `does`: {start, pause, remove}, each with the transfer. */
  constructor(transfer, does) {
    this.transfer = transfer;
    this.does = does;
    this.thumb = el("span", { class: "thumb" });
    this.title = el("p", { class: "name", title: transfer.name, text: transfer.name });
    this.status = el("p", { class: "status" });
    this.bar = el("progress", { max: 1000, value: 0 });
    this.fault = el("p", { class: "fault" });
    this.main = el("button", { class: "icon-button", type: "button", on: { click: () => this.#act() } });
    this.drop = el(
      "button",
      { class: "icon-button", type: "button", on: { click: () => this.#ask(true) } },
      icon("close"),
    );
    this.actions = el("div", { class: "row-actions" }, this.main, this.drop);
    this.body = el("div", { class: "row-body" }, this.title, this.status, this.bar, this.fault);
    this.node = el("li", { class: "row" }, this.thumb, this.body, this.actions);
    if (transfer.file) illustrate(this.thumb, transfer.file);
  }

  /** Show the transfer as it is now. */
  draw() {
    const { transfer } = this;
    const { phase, failure } = transfer;
    this.node.dataset.phase = phase;
    say(this.status, this.#statusText());
    this.status.hidden = phase === "failed";
    this.bar.hidden = !["sending", "retrying", "paused"].includes(phase);
    this.bar.value = Math.floor((1000 * transfer.sent) / (transfer.size || 1));
    this.bar.setAttribute("aria-label", t("row.progress", { name: transfer.name }));
    say(this.fault, phase === "failed" ? explain(failure) : "");
    this.fault.hidden = phase !== "failed";
    this.#drawButtons();
  }

  #drawButtons() {
    const { phase, failure, name, isOver, mediaId } = this.transfer;
    const isHopeless = phase === "failed" && HOPELESS.includes(failure.code);
    const canLink = isOver && mediaId && !isInvited(); // an invitation sends; it reads nothing
    const [action, sign] = (isHopeless ? null : canLink ? LINK : ACTIONS[phase]) ?? [null, null];
    this.main.hidden = !action;
    if (action) label(this.main, t(`row.${action}`), name);
    label(this.drop, t(isOver ? "row.dismiss" : "row.remove"), name);
    if (sign && this.#shown.sign !== sign) fill(this.main, icon(sign));
    this.#shown = { sign, action };
  }

  #statusText() {
    const { transfer } = this;
    const { phase, size, sent, speed: pace, mediaId, retryAt, failure } = transfer;
    const done = { percent: percent(sent, size), size: bytes(size) };
    if (phase === "sending" && !transfer.id) return `${bytes(size)} · ${t("row.beginning")}`;
    if (phase === "sending") {
      const parts = [t("row.sent", done)];
      if (pace.rate) parts.push(speed(pace.rate), timeLeft((size - sent) / pace.rate));
      return facts(parts);
    }
    if (phase === "retrying") {
      const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      const why = failure.status === 0 ? t("row.offline") : explain(failure);
      return `${why} ${t("row.retrying", { seconds, percent: done.percent })}`;
    }
    if (phase === "paused") return t("row.paused", done);
    if (phase === "ready" && sent) return t("row.goes_on", done);
    if (phase === "stored")
      return mediaId ? t("row.stored", { id: mediaId, ...done }) : t("row.stored_unnumbered", done);
    if (phase === "received") return t(transfer.isUnseen ? "row.safe" : "row.received", done);
    return phase === "waiting" ? `${done.size} · ${t("row.waiting")}` : done.size;
  }

  #act() {
    const { transfer, does } = this;
    if (this.#shown.action === "pause") does.pause(transfer);
    else if (this.#shown.action === "link") this.#copy(linkTo(transfer), "row.link_copied");
    else if (this.#shown.action === "copy") this.#copy(Promise.resolve(listing([transfer])), "copied");
    else does.start(transfer);
  }

  async #copy(text, done) {
    const { sign } = this.#shown;
    const worked = await text.then(copy).catch(() => false);
    announce(t(worked ? done : "copied_not"));
    fill(this.main, icon(worked ? "check" : "alert"));
    setTimeout(() => fill(this.main, icon(sign)), 1800);
  }

  /** What has come so far is worth a question. */
  #ask(asking) {
    const { transfer, does } = this;
    const isCostly = transfer.sent > 0 && !transfer.isOver && transfer.phase !== "failed";
    if (!isCostly) {
      does.remove(transfer);
      return;
    }
    const yes = button("row.remove_yes", "danger", () => does.remove(transfer));
    const no = button("row.remove_no", "", () => this.#answer());
    this.question = el(
      "div",
      { class: "question", role: "group" },
      el("span", { text: t("row.remove_ask") }),
      yes,
      no,
    );
    this.question.addEventListener("keydown", ({ key }) => key === "Escape" && this.#answer());
    this.actions.hidden = asking;
    this.node.append(this.question);
    no.focus();
  }

  #answer() {
    this.question.remove();
    this.actions.hidden = false;
    this.drop.focus();
  }
}

export function button(key, look, onClick) {
  return el("button", {
    class: `button small ${look}`,
    type: "button",
    text: t(key),
    on: { click: onClick },
  });
}

/** For where only an icon is seen. */
function label(node, text, name) {
  node.title = text;
  node.setAttribute("aria-label", `${text}: ${name}`);
}
