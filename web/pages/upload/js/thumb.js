// Small pictures of the images in the list, made one after another so that a hundred photos do not fill the memory.

import { icon } from "./dom.js";

const SIDE = 112;
const LARGEST = 40 * 1024 * 1024;

let last = Promise.resolve();

/** Put a picture of the file into `node`; an icon stands there until it is made, and where none can be. */
export function illustrate(node, file) {
  const [kind] = file.type.split("/");
  node.append(icon({ image: "image", video: "video", audio: "music" }[kind] ?? "file"));
  if (kind === "image" && file.size < LARGEST) last = last.then(() => draw(node, file)).catch(() => {});
}

async function draw(node, file) {
  if (!node.isConnected) return;
  const image = await createImageBitmap(file, { resizeWidth: SIDE * 2, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const side = Math.min(image.width, image.height);
  const [left, top] = [(image.width - side) / 2, (image.height - side) / 2];
  canvas.getContext("2d").drawImage(image, left, top, side, side, 0, 0, SIDE, SIDE);
  image.close();
  canvas.setAttribute("aria-hidden", "true");
  node.replaceChildren(canvas);
}
