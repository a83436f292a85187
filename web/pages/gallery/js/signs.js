// The icons of this page; decoration only, so they are hidden from screen readers.

const SVG = "http://www.w3.org/2000/svg";
const SIGNS = {
  images:
    "M7 3h13a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM21 13l-4-4-9 8M3 7v13a1 1 0 0 0 1 1h13",
  play: "M8 5l11 7-11 7z",
  file: "M14 3H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8zM14 3v5h5",
  sound: "M9 18V5l12-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  save: "M12 4v12M7 11l5 5 5-5M4 19h16",
  close: "M18 6L6 18M6 6l12 12",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  compare: "M12 3v18M4 6h5v12H4zM15 6h5v12h-5z",
  alert: "M12 8v5M12 16.500v.01M12 3l9.5 17h-19z",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
};

export function sign(name) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", class: `icon sign-${name}`, "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SIGNS[name]);
  svg.append(path);
  return svg;
}
