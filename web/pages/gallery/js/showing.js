// One file as large as the screen allows, or why not.

import { el } from "../../../upload/static/js/dom.js";
import { t } from "../../../upload/static/js/words.js";
import { bytesOf, previewOf } from "./content.js";
import { kindOf, titleOf } from "./files.js";

/** The node for a file. It starts to load at once; whoever removes it ends that with `quiet`. */
export function shown(file) {
  if (kindOf(file) === "video" && file.readable) return film(file);
  if (!file.previewable) return apology(file);
  const image = el("img", { src: previewOf(file, 1280), alt: titleOf(file), draggable: "false" });
  image.addEventListener("error", () => image.replaceWith(apology(file)));
  return image;
}

/** Load what is seen next before it is asked for. */
export function warm(file) {
  if (file && file.previewable) new Image().src = previewOf(file, 1280);
}

/** Stop what plays or loads in a node. */
export function quiet(node) {
  for (const video of node.querySelectorAll("video")) {
    video.pause();
    video.removeAttribute("src");
    video.load();
  }
}

function film(file) {
  const poster = file.previewable ? previewOf(file, 1280) : null;
  const video = el("video", {
    src: bytesOf(file),
    poster,
    controls: true,
    playsinline: true,
    preload: "metadata",
    "aria-label": titleOf(file),
  });
  video.addEventListener("error", () => video.hasAttribute("src") && video.replaceWith(apology(file)));
  return video;
}

function apology(file) {
  const why = file.readable ? t("viewer.not_shown") : t(`obstacle.${file.obstacle}`, { id: file.id });
  return el("p", { class: "apology", text: why });
}
