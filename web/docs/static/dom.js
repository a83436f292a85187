// Elements without a framework: text stays text, so nothing in the document can become markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") Object.entries(value).forEach(([event, listener]) => made.addEventListener(event, listener));
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== "" && child !== false));
  return made;
}

// Prose with `code` and blank lines between paragraphs; more of Markdown the document does not use.
export function prose(text) {
  return text.split(/\n{2,}/).map((paragraph) => element("p", {}, inline(paragraph)));
}

export function inline(text) {
  return text.split(/(`[^`]+`)/).map((piece) => (/^`.+`$/.test(piece) ? element("code", {}, piece.slice(1, -1)) : piece));
}

// A block that can be copied. `text` is asked for when it is needed: the key may have changed.
export function copyable(text) {
  const block = element("pre", {}, element("code", {}, text()));
  const button = element("button", { type: "button", on: { click: copy } }, "Copy");
  async function copy() {
    button.textContent = (await toClipboard(text(), block)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }
  const box = element("div", { class: "code" }, block, button);
  box.refresh = () => (block.firstChild.textContent = text());
  return box;
}

// Without HTTPS there is no clipboard to write to: then the text is selected instead.
async function toClipboard(text, block) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(block);
    return document.execCommand("copy");
  }
}
