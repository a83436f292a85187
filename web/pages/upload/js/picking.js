// How files come to the page: chosen, dropped anywhere, pasted, or made with the camera of a phone.

import { el, fill, icon } from "./dom.js";
import { follow, t } from "./words.js";

/** The card with the buttons. `onFiles` gets an array of File. */
export function picker(onFiles) {
  const input = chooser({ multiple: true }, onFiles);
  const photo = chooser({ accept: "image/*", capture: "environment" }, (files) => onFiles(files.map(dated)));
  const video = chooser({ accept: "video/*", capture: "environment" }, (files) => onFiles(files.map(dated)));
  const node = el("section", { class: "card pick", id: "pick" });
  acceptDrops(onFiles);
  follow(() => {
    node.setAttribute("aria-label", t("pick.title"));
    fill(
      node,
      el("span", { class: "pick-sign" }, icon("upload")),
      el("p", { text: t("pick.hint") }),
      el(
        "div",
        { class: "pick-buttons" },
        button("file", t("pick.choose"), () => input.click(), "primary"),
        button("camera", t("pick.photo"), () => photo.click(), "camera"),
        button("video", t("pick.video"), () => video.click(), "camera"),
      ),
      el("p", { class: "soft drop-hint", text: t("pick.drop_hint") }),
      input,
      photo,
      video,
    );
  });
  return node;
}

/** Let the person choose one file; for going on with what was begun. */
export function chooseOne(onFile) {
  const input = chooser({}, ([file]) => onFile(file));
  document.body.append(input);
  input.addEventListener("change", () => input.remove());
  input.addEventListener("cancel", () => input.remove());
  input.click();
}

function button(sign, label, onClick, look) {
  return el("button", { class: `button ${look}`, type: "button", on: { click: onClick } }, icon(sign), label);
}

function chooser(attributes, onFiles) {
  const change = ({ target }) => {
    const files = [...target.files];
    target.value = ""; // the same file can be chosen again
    if (files.length) onFiles(files);
  };
  return el("input", { type: "file", hidden: true, on: { change }, ...attributes });
}

/** Cameras name every picture image.jpg; the moment tells them apart. */
function dated(file) {
  const [, ending] = /^(?:image|video|trim\S*|capture)\.(\w+)$/i.exec(file.name) ?? [];
  if (!ending) return file;
  const moment = new Date(file.lastModified - new Date().getTimezoneOffset() * 60000).toISOString();
  const name = `${moment.slice(0, 19).replace("T", " ").replaceAll(":", "-")}.${ending}`;
  return new File([file], name, { type: file.type, lastModified: file.lastModified });
}

function acceptDrops(onFiles) {
  let depth = 0;
  const over = (change) => {
    depth = change === null ? 0 : Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => carriesFiles(event) && over(1));
  window.addEventListener("dragleave", (event) => carriesFiles(event) && over(-1));
  window.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  window.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    over(null);
    const files = await dropped(event.dataTransfer);
    if (files.length) onFiles(files);
  });
  window.addEventListener("paste", ({ clipboardData }) => {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length) onFiles(files);
  });
}

/** The files of a drop, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A folder is read in runs of at most a hundred.
    const run = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!run.length) return found;
    for (const inner of run) found.push(...(await filesIn(inner)));
  }
}
