// The few helpers every view uses. Text only ever enters the page through text nodes,
// so a file named "<img onerror=…>" is shown as its name.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props`: class, text, on: {event: handler}, style: {name: value};
 * `true` sets an empty attribute, null, undefined and false leave it out.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, fn] of Object.entries(value)) node.addEventListener(event, fn);
    else if (name === "style")
      for (const [key, css] of Object.entries(value)) node.style.setProperty(key, css);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const ICONS = {
  back: "M15 18l-6-6 6-6",
  close: "M18 6L6 18M6 6l12 12",
  send: "M21.5 2.5L10.5 13.5M21.5 2.5l-7 19-4-8-8-4z",
  clip: "M21.4 11.1l-9.2 9.2a6 6 0 0 1-8.5-8.5l9.2-9.2a4 4 0 0 1 5.7 5.7l-9.2 9.2a2 2 0 0 1-2.9-2.9l8.5-8.4",
  mic: "M12 2a3 3 0 0 0-3 3v7a3 3 0 0 0 6 0V5a3 3 0 0 0-3-3zM19 10v2a7 7 0 0 1-14 0v-2M12 19v3",
  image:
    "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8.5 10a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM21 15l-5-5L5 21",
  file: "M14 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8zM14 2v6h6",
  film: "M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM10 8.5v7l6-3.5z",
  music: "M9 18V5l12-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  download: "M12 4v12M7 11l5 5 5-5M5 20h14",
  play: "M7 4l13 8-13 8z",
  pause: "M7 4v16M17 4v16",
  check: "M4 12.5l5 5L20 6.5",
  checks: "M1.5 12.5l5 5L17 7M11.5 16.5l1 1L23 7",
  clock: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM12 6v6l4 2",
  alert: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM12 7v6M12 16.5v.5",
  pulse: "M22 12h-4l-3 8L9 4l-3 8H2",
  down: "M6 9l6 6 6-6",
  more: "M12 4.6a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6zM12 11.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6zM12 17.8a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6z",
  reply: "M9 17l-5-5 5-5M4 12h10a6 6 0 0 1 6 6v1",
  edit: "M12 20h9M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4z",
  trash: "M3 6h18M8 6V4a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v2M6 6l1 14a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1l1-14",
  forward: "M15 17l5-5-5-5M20 12H10a6 6 0 0 0-6 6v1",
  copy: "M10 8h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2zM16 8V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h3",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20.5 20.5L16 16",
  plus: "M12 5v14M5 12h14",
  keyboard:
    "M4 6h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM6.5 10v.01M10.2 10v.01M13.8 10v.01M17.5 10v.01M7.5 14h9",
  megaphone: "M3 10v4a1 1 0 0 0 1 1h3l9 5V4L7 9H4a1 1 0 0 0-1 1zM20 9a4 4 0 0 1 0 6M8 15v5",
  people:
    "M16 20v-1.5a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4V20M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM22 20v-1.5a4 4 0 0 0-3-3.8M16 3.2a4 4 0 0 1 0 7.6",
  link: "M7 17L17 7M9 7h8v8",
  smile: "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM8 14.5a5 5 0 0 0 8 0M9 9v.01M15 9v.01",
  upload: "M12 20V8M7 12l5-5 5 5M5 4h14",
  slash: "M16 4L8 20",
  tap: "M12 3s6 6.4 6 11a6 6 0 0 1-12 0c0-4.6 6-11 6-11zM9.5 14.5A2.6 2.6 0 0 0 12 17",
  phone:
    "M6 3h4l1.5 5L9 9.5a12 12 0 0 0 5.5 5.5L16 12.5l5 1.5v4a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  sticker:
    "M20 12V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h6zM20 12h-5a3 3 0 0 0-3 3v5zM8.5 9v.01M14.5 9v.01",
  app: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13v7M13 16.5h7",
  expand: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  refresh: "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
  topic: "M4 5h16v11H9l-5 4z",
  pin: "M9 3h6l-1 6 4 4v2H6v-2l4-4zM12 15v6",
};

/** An icon by name; decoration only, so it is hidden from screen readers. */
export function icon(name, filled = false) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", class: filled ? "icon filled" : "icon", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onClick, extra = "") {
  return el(
    "button",
    {
      class: `icon-button ${extra}`,
      type: "button",
      "aria-label": label,
      title: label,
      on: { click: onClick },
    },
    icon(name),
  );
}

/** Empty a node and put children in. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
  return node;
}

/** The round face: `photo`, an address, or a glyph, or else the initials. */
export function avatar(id, name, glyph = null, photo = null) {
  const hue = Math.abs(Number(id)) % 7;
  const face = el(
    "span",
    { class: `avatar hue-${hue}`, "aria-hidden": "true" },
    glyph ? icon(glyph) : initials(name),
  );
  if (photo) face.append(el("img", { src: photo, alt: "", loading: "lazy" }));
  return face;
}

function initials(name) {
  const words = (name || "?").split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words.slice(0, 2).map((word) => [...word.replace(/[^\p{L}\p{N}]/gu, "")][0]);
  return first.join("").toUpperCase() || "?";
}

/** A short notice at the edge of the window. kind: "info" or "error". */
export function toast(text, kind = "info") {
  const box = document.getElementById("toasts");
  const node = el("div", { class: `toast ${kind}`, text });
  box.append(node);
  while (box.children.length > 3) box.firstChild.remove();
  // Shown anew each time, so that it lies above a dialog opened meanwhile.
  box.hidePopover();
  box.showPopover();
  setTimeout(() => node.remove(), kind === "error" ? 7000 : 3500);
}
