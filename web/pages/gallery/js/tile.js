// One file in the page: a picture that opens the viewer, or a row that opens the file.

import { el } from "../../../upload/static/js/dom.js";
import { bytes, date, facts } from "../../../upload/static/js/format.js";
import { t } from "../../../upload/static/js/words.js";
import { bytesOf, previewOf, savingOf } from "./content.js";
import { clock, kindOf, titleOf } from "./files.js";
import { sign } from "./signs.js";

/** A picture. Its place keeps its shape while it loads, and it loads when it comes near the screen. */
export function tile(file, onOpen) {
  const image = file.previewable ? picture(file) : null;
  const button = el(
    "button",
    { class: "tile", type: "button", "data-id": file.id, "aria-label": spoken(file), on: { click: () => onOpen(file) } },
    image ?? el("span", { class: "blank" }, sign(kindOf(file) === "video" ? "play" : "file")),
    badge(file),
  );
  const words = file.description ? el("p", { class: "caption", text: file.description }) : null;
  return el("li", {}, button, words);
}

function picture(file) {
  const image = el("img", {
    alt: "",
    loading: "lazy",
    decoding: "async",
    sizes: "(min-width: 900px) 260px, 46vw",
    srcset: `${previewOf(file, 320)} 320w, ${previewOf(file, 640)} 640w`,
    src: previewOf(file, 320),
  });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "blank" }, sign("alert"))));
  return image;
}

function badge(file) {
  if (kindOf(file) !== "video") return null;
  const length = file.duration ? clock(file.duration) : null;
  return el("span", { class: "badge" }, sign("play"), length && el("span", { text: length }));
}

const spoken = (file) => facts([t(`kind.${kindOf(file)}`), titleOf(file), date(file.uploaded_at)]);

/** What is no picture: its name, and what can be done with it. */
export function row(file) {
  const kind = kindOf(file);
  const about = [file.file_size === null ? null : bytes(file.file_size), date(file.uploaded_at), file.uploaded_by];
  return el(
    "li",
    { class: "document" },
    el("span", { class: "document-sign" }, sign(kind === "sound" ? "sound" : "file")),
    el(
      "div",
      { class: "document-words" },
      file.readable && kind !== "sound"
        ? el("a", { href: bytesOf(file), target: "_blank", rel: "noopener", text: file.filename })
        : el("b", { text: file.filename }),
      el("p", { class: "soft", text: facts(about.filter(Boolean)) }),
      file.description ? el("p", { text: file.description }) : null,
      file.readable && kind === "sound" ? el("audio", { controls: true, preload: "none", src: bytesOf(file) }) : null,
    ),
    file.readable ? saving(file) : null,
  );
}

export function saving(file) {
  const name = t("file.save", { name: file.filename });
  return el(
    "a",
    { class: "icon-button", href: savingOf(file), download: file.filename, title: t("file.save_short"), "aria-label": name },
    sign("save"),
  );
}
