// A sending under way: what it is, how far it is, a way out; or why it failed.

import { el, icon, iconButton } from "./dom.js";
import { box } from "./media.js";
import { dismiss } from "./actions.js";

export function pendingView(entry, chat) {
  const previews = entry.previews || [];
  const bubble = el("div", { class: previews.length ? "bubble visual-bubble" : "bubble" });
  if (previews.length) bubble.append(pictures(entry, previews));
  const words = previews.length ? entry.caption : entry.label || "Message";
  if (words) bubble.append(el("div", { class: "words", text: words }));
  if (entry.error) bubble.append(failed(entry, chat));
  else if (entry.progress === null) bubble.append(el("span", { class: "meta" }, icon("clock")));
  else if (!previews.length) bubble.append(bar(entry));
  return el(
    "article",
    { class: "message mine first last pending", "data-pending": entry.localId },
    el("div", { class: "bubble-column" }, el("div", { class: "bubble-row" }, bubble)),
  );
}

function pictures(entry, previews) {
  const cells = previews.map(({ kind, url, width, height }) => {
    const image = el("img", { src: url, alt: "" });
    if (kind === "sticker") return el("div", { class: "sticker-wait" }, image);
    return el("div", { class: "visual", style: box(width, height) }, image);
  });
  const grid =
    cells.length === 1
      ? cells
      : el(
          "div",
          { class: `visual-album n${cells.length}` },
          cells.map((cell) => el("div", { class: "album-cell" }, cell)),
        );
  return el("div", { class: "pending-visual" }, grid, entry.error ? null : bar(entry));
}

function bar(entry) {
  const progress = el("progress", { max: "1", value: entry.progress, "aria-label": "Sending" });
  const cancel = iconButton("close", "Cancel", () => entry.abort());
  return el("div", { class: "sending" }, progress, cancel);
}

function failed(entry, chat) {
  const again = () => {
    dismiss(chat, entry);
    entry.again();
  };
  return el(
    "div",
    { class: "failed", role: "alert" },
    icon("alert"),
    el("span", { text: entry.error }),
    el("button", { class: "link", type: "button", text: "Try again", on: { click: again } }),
    el("button", {
      class: "link",
      type: "button",
      text: "Discard",
      on: { click: () => dismiss(chat, entry) },
    }),
  );
}
