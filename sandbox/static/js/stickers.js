// A small set of stickers. Each is an SVG that becomes a 512 pixel WebP when it is sent, which is
// what Telegram's own static stickers are.

import { el } from "./dom.js";

const SIDE = 512;
const HEAD = '<circle cx="256" cy="264" r="200" fill="FACE" stroke="#fff" stroke-width="22"/>';
const EYES = '<circle cx="186" cy="226" r="24"/><circle cx="326" cy="226" r="24"/>';
const stroke = (path, width = 22, colour = "#2b2118") =>
  `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const face = (colour, inside) => HEAD.replace("FACE", colour) + inside;

export const STICKERS = [
  {
    name: "Thumbs up",
    emoji: "👍",
    art:
      '<path d="M150 246h-54v180h54zM178 420c24 16 58 20 96 20h72c30 0 48-20 44-46 20-8 28-30 20-48 16-10 20-32 10-48 12-12 12-50-26-50h-94c12-40 16-84 4-116-10-26-54-26-56 6-2 56-28 98-70 118z" fill="#4a8df0" stroke="#fff" stroke-width="20" stroke-linejoin="round"/>' +
      stroke("M336 298h58M338 346h58M334 394h44", 14, "#dbe9ff"),
  },
  {
    name: "Smile",
    emoji: "😊",
    art: face(
      "#ffcf4a",
      EYES +
        stroke("M160 310c30 70 162 70 192 0") +
        '<circle cx="128" cy="296" r="26" fill="#ff9d7a" opacity=".7"/><circle cx="384" cy="296" r="26" fill="#ff9d7a" opacity=".7"/>',
    ),
  },
  {
    name: "Sad",
    emoji: "😢",
    art: face(
      "#ffcf4a",
      EYES +
        stroke("M176 376c24-50 136-50 160 0") +
        '<path d="M344 262c36 54 42 96 8 100-36 2-34-44-8-100z" fill="#56a8f5" stroke="#fff" stroke-width="10"/>',
    ),
  },
  {
    name: "A drop of water",
    emoji: "💧",
    art:
      '<path d="M256 44c70 112 144 186 144 270a144 144 0 0 1-288 0c0-84 74-158 144-270z" fill="#4aa3f5" stroke="#fff" stroke-width="22"/>' +
      stroke("M172 322c4 44 34 74 72 80", 22, "#d3ebff") +
      '<circle cx="226" cy="290" r="16" fill="#173a5c"/><circle cx="298" cy="290" r="16" fill="#173a5c"/>' +
      stroke("M234 336c14 18 42 18 56 0", 14, "#173a5c"),
  },
  {
    name: "A spanner",
    emoji: "🔧",
    art:
      '<path d="M418 132l-62 62-48-12-12-48 62-62c-62-22-134 14-146 82-4 22-2 40 4 58L92 336c-26 26-26 62-2 86s60 24 86-2l124-124c74 22 148-26 148-104 0-22-10-42-30-60z" fill="#8d9db2" stroke="#fff" stroke-width="22" stroke-linejoin="round"/><circle cx="134" cy="378" r="20" fill="#fff"/>' +
      stroke("M236 262L160 338", 14, "#c9d4e2"),
  },
  {
    name: "Done",
    emoji: "✅",
    art:
      '<rect x="66" y="66" width="380" height="380" rx="96" fill="#38b36b" stroke="#fff" stroke-width="22"/>' +
      stroke("M164 262l66 68 124-142", 46, "#fff"),
  },
  {
    name: "A heart",
    emoji: "❤",
    art:
      '<path d="M256 446C120 352 60 282 60 204c0-62 46-110 104-110 38 0 74 20 92 56 18-36 54-56 92-56 58 0 104 48 104 110 0 78-60 148-196 242z" fill="#ee4f63" stroke="#fff" stroke-width="22" stroke-linejoin="round"/>' +
      stroke("M124 208c2-30 20-50 46-54", 20, "#ffc0c8"),
  },
  {
    name: "A light bulb",
    emoji: "💡",
    art:
      '<path d="M256 50c-92 0-154 66-154 148 0 62 38 96 62 134 8 14 12 28 12 42h160c0-14 4-28 12-42 24-38 62-72 62-134 0-82-62-148-154-148z" fill="#ffd34f" stroke="#fff" stroke-width="22"/><path d="M190 396h132v30c0 26-24 40-66 40s-66-14-66-40z" fill="#7c8aa0" stroke="#fff" stroke-width="18"/>' +
      stroke("M216 372v-90l-32-40M296 372v-90l32-40", 14, "#b9831c"),
  },
];

const source = ({ art }) =>
  new Blob(
    [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" width="512" height="512">${art}</svg>`],
    {
      type: "image/svg+xml",
    },
  );

/** The picture of a sticker, for the panel. */
export function stickerImage(sticker) {
  const url = URL.createObjectURL(source(sticker));
  const image = el("img", { alt: "", src: url });
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  return image;
}

/** The sticker as the file that is sent. Browsers that cannot write WebP make a PNG of it. */
export async function stickerFile(sticker) {
  const image = stickerImage(sticker);
  await image.decode();
  const canvas = el("canvas", { width: SIDE, height: SIDE });
  canvas.getContext("2d").drawImage(image, 0, 0, SIDE, SIDE);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.92));
  return new File([blob], `sticker.${blob.type.split("/")[1]}`, { type: blob.type });
}
