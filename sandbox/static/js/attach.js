// Files on their way out: chosen, dropped or pasted, looked at once more, then sent.

import { el, fill, icon, iconButton, toast } from "./dom.js";
import { bytes } from "./format.js";
import { modal } from "./dialog.js";
import { sendFiles } from "./actions.js";
import { describe, groups } from "./measure.js";
import { reported } from "./live.js";
import { REQUESTS, samplePhotos } from "./samples.js";
import * as store from "./store.js";

const GIB = 1024 ** 3;
let takeReply = () => ({});

/** The composer lends its way to take what is being answered. */
export function useReply(fn) {
  takeReply = fn;
}

/** Menu lines that send media whose bytes the sandbox makes up: large files cost no disk. */
export function pretendItems(sendFields) {
  const media = (label, item) => ({
    icon: item.kind === "video" ? "film" : "file",
    label,
    run: () => sendFields({ media: [item] }, label.replace("Pretend ", "")),
  });
  return [
    media("Pretend 1.5 GiB video", {
      kind: "video",
      virtual_size: 1.5 * GIB,
      file_name: "inspection.mp4",
      mime_type: "video/mp4",
      width: 1920,
      height: 1080,
      duration: 2710,
    }),
    media("Pretend 60 MiB document", {
      kind: "document",
      virtual_size: 60 * 1024 ** 2,
      file_name: "plans.zip",
      mime_type: "application/zip",
    }),
  ];
}

export function chooseFiles(asFiles) {
  const input = el("input", {
    type: "file",
    multiple: true,
    accept: asFiles ? null : "image/*,video/*",
    hidden: true,
  });
  input.addEventListener("change", () => {
    review([...input.files], asFiles);
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input);
  input.click();
}

export const sampleItem = () => ({
  icon: "tap",
  label: "Sample photo",
  run: () => reported(samplePhotos(["tap"]).then((files) => review(files, false))),
});

/** The sheet before sending: what goes, with which words, as pictures or as files, together or one by one. */
export function review(files, asFiles, words = "") {
  const chat = store.openChat();
  if (!chat || !files.length || !store.mayWrite(chat)) return;
  const chosen = [...files];
  const list = el("ul", { class: "tray" });
  const caption = el("textarea", {
    rows: "2",
    maxlength: "1024",
    placeholder: "Caption, for example #250926-001",
    "aria-label": "Caption",
    dir: "auto",
  });
  caption.value = words;
  const numbers = el(
    "div",
    { class: "chips" },
    REQUESTS.map(({ number }) => numberChip(number, caption)),
  );
  const plain = el("input", { type: "checkbox", checked: asFiles });
  const together = el("input", { type: "checkbox", checked: true });
  const togetherRow = el(
    "label",
    { class: "check" },
    together,
    el("span", { text: "Together, as an album" }),
  );
  const plainRow = el("label", { class: "check" }, plain, el("span", { text: "As files, bytes unchanged" }));
  const submit = el("button", { class: "button primary", type: "submit" }, icon("send"), "Send");
  const form = el(
    "form",
    { class: "modal-body form" },
    list,
    caption,
    numbers,
    plainRow,
    togetherRow,
    el("div", { class: "modal-actions" }, submit),
  );

  const drop = (file) => {
    chosen.splice(chosen.indexOf(file), 1);
    if (chosen.length) draw();
    else box.close();
  };
  const draw = () => {
    fill(
      list,
      chosen.map((file) => trayItem(file, () => drop(file))),
    );
    togetherRow.hidden = chosen.length < 2;
    plainRow.hidden = !chosen.some((file) => /^(image|video|audio)\//.test(file.type));
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    box.close();
    store.emit("focus");
    reported(
      sendAll(chat, chosen, {
        caption: caption.value.trim(),
        asFiles: plain.checked,
        together: together.checked,
      }),
    );
  });
  caption.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  const box = modal(chosen.length === 1 ? "Send a file" : `Send ${chosen.length} files`, form);
  draw();
  caption.focus();
}

/** Puts a request number in front of the caption, or takes it away again. */
function numberChip(number, caption) {
  const tag = `#${number}`;
  const press = () => {
    const rest = caption.value.replaceAll(/#\d{6}-\d{3}\s*/g, "");
    caption.value = caption.value.includes(tag) ? rest : `${tag} ${rest}`;
    caption.focus();
  };
  return el("button", { class: "chip", type: "button", text: tag, on: { click: press } });
}

function trayItem(file, onDrop) {
  const face = el(
    "span",
    { class: "file-face", "aria-hidden": "true" },
    icon(file.type.startsWith("video/") ? "film" : file.type.startsWith("audio/") ? "music" : "file"),
  );
  if (file.type.startsWith("image/")) {
    const url = URL.createObjectURL(file);
    const image = el("img", { src: url, alt: "" });
    const release = () => URL.revokeObjectURL(url);
    image.addEventListener("load", release, { once: true });
    image.addEventListener("error", () => (release(), image.remove()), { once: true });
    face.append(image);
  }
  const words = el(
    "span",
    { class: "file-words" },
    el("span", { class: "file-name", text: file.name }),
    el("span", { class: "file-size", text: bytes(file.size) }),
  );
  return el("li", { class: "file" }, face, words, iconButton("close", `Leave out ${file.name}`, onDrop));
}

async function sendAll(chat, files, { caption, asFiles, together }) {
  const empty = files.filter((file) => file.size === 0);
  for (const file of empty) toast(`${file.name} is empty and was left out`, "error");
  const described = await Promise.all(
    files.filter((file) => file.size > 0).map((file) => describe(file, asFiles)),
  );
  const reply = takeReply();
  const batches = together ? groups(described) : described.map((one) => [one]);
  for (const [at, batch] of batches.entries()) {
    const fields = {
      media: batch.map(({ media }) => media),
      as_album: batch.length > 1,
      ...(at === 0 ? reply : {}),
      ...(at === 0 && caption ? { caption } : {}),
    };
    const label = batch.length === 1 ? batch[0].file.name : `${batch.length} files`;
    await sendFiles(
      chat,
      fields,
      batch.map(({ file }) => file),
      label,
    );
  }
}
