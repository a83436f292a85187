// Text with entities, as Telegram marks it. Offsets count UTF-16 units, which is what
// JavaScript strings are made of, so they can be cut directly.

import { el, icon } from "./dom.js";
import { copyText, openLink, safeUrl } from "./links.js";
import { emit } from "./store.js";

const BLOCKS = ["PRE", "BLOCKQUOTE"];
const PLAIN = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

/** A fragment for `text`; `onCommand(text)` is called for a tapped /command. */
export function richText(text, entities, onCommand) {
  const fragment = document.createDocumentFragment();
  const list = [...(entities || [])]
    .filter(
      (entity) => entity.length > 0 && entity.offset >= 0 && entity.offset + entity.length <= text.length,
    )
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  append(fragment, text, 0, text.length, list, onCommand);
  return fragment;
}

function append(parent, text, start, end, entities, onCommand) {
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    // Nested entities begin before this one ends; they belong inside.
    const inside = [];
    index += 1;
    while (index < entities.length && entities[index].offset < stop) inside.push(entities[index++]);
    if (entity.offset < at) continue;
    parent.append(text.slice(at, entity.offset));
    const node = element(entity, text.slice(entity.offset, stop), onCommand);
    append(node.inner || node, text, entity.offset, stop, inside, onCommand);
    parent.append(node);
    // A block ends its line by itself; the line break behind it would make an empty one.
    at = BLOCKS.includes(node.tagName) && text[stop] === "\n" ? stop + 1 : stop;
  }
  parent.append(text.slice(at, end));
}

function element(entity, piece, onCommand) {
  switch (entity.type) {
    case "code":
      return tappable("code", "Copy", () => copyText(piece));
    case "pre":
      return preformatted(entity.language, piece);
    case "spoiler":
      return spoiler();
    case "text_link":
      return link(entity.url);
    case "url":
      return link(piece);
    case "email":
      return link(`mailto:${piece}`);
    case "phone_number":
      return link(`tel:${piece.replace(/[^\d+]/g, "")}`);
    case "bot_command":
      return linkButton("Send this command", () => onCommand(piece));
    case "hashtag":
    case "cashtag":
      return linkButton("Search for this tag", () => emit("search", piece));
    case "mention":
    case "text_mention":
      return el("span", { class: "mention" });
    default:
      return el(PLAIN[entity.type] || "span");
  }
}

function linkButton(title, onClick) {
  return el("button", { class: "link", type: "button", title, on: { click: onClick } });
}

function tappable(tag, title, onClick) {
  const onKey = (event) => event.key === "Enter" && onClick();
  return el(tag, { title, tabindex: "0", role: "button", on: { click: onClick, keydown: onKey } });
}

function preformatted(language, piece) {
  const inner = el("code");
  const copy = el(
    "button",
    {
      class: "pre-copy",
      type: "button",
      "aria-label": "Copy the code",
      on: { click: () => copyText(piece) },
    },
    icon("copy"),
  );
  const head = el("span", { class: "pre-head" }, el("span", { text: language || "code" }), copy);
  const box = el("pre", {}, head, inner);
  box.inner = inner;
  return box;
}

function spoiler() {
  // A span, because a button cannot break over lines as text does.
  const node = el("span", {
    class: "spoiler",
    role: "button",
    tabindex: "0",
    "aria-label": "Hidden text, press to show",
  });
  const show = () => {
    node.classList.add("shown");
    for (const name of ["aria-label", "role", "tabindex"]) node.removeAttribute(name);
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}

function link(address) {
  const href = safeUrl(address);
  if (!href) return el("span", { class: "mention" });
  const onClick = (event) => {
    event.preventDefault();
    openLink(address);
  };
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", on: { click: onClick } });
}
