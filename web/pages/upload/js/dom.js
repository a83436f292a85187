// The few helpers every view uses. Text only ever enters the page through text nodes,
// so a file named "<img onerror=…>" is shown as its name.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `props`: class, text, on: {event: handler}; `true` sets an empty attribute, null leaves it out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, fn] of Object.entries(value)) node.addEventListener(event, fn);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(Boolean));
  return node;
}

/** Empty a node and put children in. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
  return node;
}

/** Change a text only where it differs: a screen reader and a selection are not disturbed for nothing. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const ICONS = {
  camera:
    "M4 7h3l2-3h6l2 3h3a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  video: "M3 6h12a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM16 10l6-3.5v11L16 14",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  image:
    "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM9 10.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM20 15l-5-5L5 20",
  music: "M9 18V5l12-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  file: "M14 3H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8zM14 3v5h5",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500l12 7.5-12 7.500z",
  again: "M20 11a8 8 0 1 0-2.3 6.300M20 5v6h-6",
  close: "M18 6L6 18M6 6l12 12",
  check: "M4 12.500l5 5L20 6.5",
  copy: "M10 8h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM16 8V5a1 1 0 0 0-1-1H5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h4",
  link: "M10 14a4 4 0 0 0 5.7 0l4-4A4 4 0 0 0 14 4.300l-1 1M14 10a4 4 0 0 0-5.7 0l-4 4A4 4 0 0 0 10 19.700l1-1",
  alert: "M12 8v5M12 16.500v.01M12 3l9.5 17h-19z",
  offline:
    "M3 3l18 18M8.5 16.400a5 5 0 0 1 6 0M5 12.900a10 10 0 0 1 5-2.700M14.5 10.400a10 10 0 0 1 4.5 2.500M2 9.400A15 15 0 0 1 6.2 6.700M10.5 5.100A15 15 0 0 1 22 9.400M12 20v.01",
  ticket:
    "M4 6h16a1 1 0 0 1 1 1v3a2 2 0 0 0 0 4v3a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-3a2 2 0 0 0 0-4V7a1 1 0 0 1 1-1zM14 6v12",
  key: "M14.5 13a4.5 4.5 0 1 0-4.3-3.200L3 17v4h4v-2.500h2.500V16H12l1.5-1.500M16 8v.01",
};

/** An icon by name; decoration only, so it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Tell a screen reader, in the page's live region; what is said at once is said together. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.append(el("p", { text }));
  while (region.children.length > 5) region.firstChild.remove();
}
