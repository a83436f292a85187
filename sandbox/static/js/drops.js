// Files that are dropped on the conversation, or pasted into it.

import { el, icon } from "./dom.js";
import { review } from "./attach.js";
import * as store from "./store.js";

export function acceptDrops(root) {
  const zone = (asFiles, title, note, glyph) => {
    const node = el(
      "div",
      { class: "drop-zone" },
      icon(glyph),
      el("strong", { text: title }),
      el("span", { text: note }),
    );
    node.addEventListener("dragover", () => node.classList.add("over"));
    node.addEventListener("dragleave", () => node.classList.remove("over"));
    node.addEventListener("drop", (event) => review([...event.dataTransfer.files], asFiles));
    return node;
  };
  const cover = el(
    "div",
    { class: "drop-cover", hidden: true },
    zone(true, "Drop as files", "bytes unchanged", "file"),
    zone(false, "Drop as photo or video", "shown in the chat", "image"),
  );
  root.append(cover);
  const hasFiles = (event) =>
    event.dataTransfer?.types.includes("Files") && store.openChat() && store.mayWrite(store.openChat());
  const hide = () => {
    cover.hidden = true;
    for (const node of cover.children) node.classList.remove("over");
  };
  addEventListener("dragenter", (event) => hasFiles(event) && (cover.hidden = false));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("dragleave", (event) => event.relatedTarget === null && hide());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (!cover.contains(event.target)) review([...event.dataTransfer.files], false);
    hide();
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    review(files, false);
  });
}
