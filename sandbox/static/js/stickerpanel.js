// The panel over the text field: emoji for the text, stickers that go at once.

import { el } from "./dom.js";
import { sendFiles } from "./actions.js";
import { reported } from "./live.js";
import { STICKERS, stickerFile, stickerImage } from "./stickers.js";

const EMOJI = [..."😀😂🙂😉😍🤔😎😢😡👍👎👏🙏💪👌🔥🎉✅❌⚠❓💧🔧🔨🧰🏠🚪🪟🚿🚽💡🔌📷📎📅⏰"];

/** `typed(emoji)` writes into the text, `target()` gives {chat, reply…} for a sticker. Returns {node, toggle, close}. */
export function stickerPanel({ typed, target, onToggle }) {
  const node = el("div", {
    class: "sticker-panel",
    role: "group",
    "aria-label": "Emoji and stickers",
    hidden: true,
  });
  let built = false;

  function build() {
    built = true;
    const stickers = STICKERS.map((sticker) =>
      el(
        "button",
        {
          class: "sticker-key",
          type: "button",
          "aria-label": `Send sticker: ${sticker.name}`,
          title: sticker.name,
          on: { click: () => reported(post(sticker)) },
        },
        stickerImage(sticker),
      ),
    );
    const emoji = EMOJI.map((one) =>
      el("button", {
        class: "emoji-key",
        type: "button",
        "aria-label": `Write ${one}`,
        text: one,
        on: { click: () => typed(one) },
      }),
    );
    node.append(el("div", { class: "sticker-grid" }, stickers), el("div", { class: "emoji-grid" }, emoji));
  }

  async function post(sticker) {
    const { chat, ...reply } = target();
    close();
    const file = await stickerFile(sticker);
    const media = [{ kind: "sticker", file_name: file.name, mime_type: file.type, emoji: sticker.emoji }];
    await sendFiles(chat, { media, ...reply }, [file], `${sticker.emoji} Sticker`);
  }

  function toggle(open = node.hidden) {
    if (open && !built) build();
    node.hidden = !open;
    onToggle(open);
  }
  const close = () => node.hidden || toggle(false);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const keys = [...node.querySelectorAll("button")];
    keys[(keys.indexOf(document.activeElement) + step + keys.length) % keys.length].focus();
  });
  return { node, toggle, close };
}
