// What files are to a person: something to look at, to listen to, or to open.

import { t } from "../../../upload/static/js/words.js";

export const SIDES = ["before", "during", "after", "other"];

/** photo, video, sound or document, by what a browser does with it. */
export function kindOf(file) {
  const [family] = file.content_type.split("/");
  if (family === "video") return "video";
  if (family === "audio") return "sound";
  return family === "image" && file.previewable ? "photo" : "document";
}

export const isVisual = (file) => ["photo", "video"].includes(kindOf(file));

/** How many there are of each kind, in a fixed order, without those of which there are none. */
export function countKinds(files) {
  const kinds = files.map(kindOf);
  return ["photo", "video", "sound", "document"]
    .map((kind) => [kind, kinds.filter((one) => one === kind).length])
    .filter(([, count]) => count);
}

/** What a screen reader says of a file, and what stands under it. */
export const titleOf = (file) => file.description || t(`kind.${kindOf(file)}`);

/** `1:05` */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
