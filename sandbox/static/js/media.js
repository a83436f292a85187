// What a message carries besides text: photos, films, sound, documents.

import { el, icon } from "./dom.js";
import { kindOf } from "./summary.js";
import { bytes, duration } from "./format.js";
import { fileUrl, thumbnailUrl } from "./api.js";
import { lightbox } from "./dialog.js";
import { contact, dice, location, venue } from "./smallcards.js";
import { player } from "./player.js";

/** The element for a message's media, or null. */
export function mediaView(message) {
  const kind = kindOf(message);
  const views = {
    photo,
    video,
    animation,
    video_note: videoNote,
    voice,
    audio,
    document,
    sticker,
    contact,
    venue,
    location,
    dice,
  };
  return kind ? views[kind](message) : null;
}

export function box(width, height) {
  // Reserving the room before the bytes arrive keeps the chat from jumping.
  const ratio = Math.min(2.2, Math.max(0.62, (width || 4) / (height || 3)));
  return {
    "aspect-ratio": ratio.toFixed(4),
    width: `${Math.round(Math.min(width || 340, 340, 380 * ratio))}px`,
  };
}

function photo(message) {
  const full = message.photo.at(-1);
  const shown = message.photo.find((size) => size.width >= 640) || full;
  const label = message.caption || "Photo";
  const image = el("img", {
    src: fileUrl(shown.file_unique_id),
    alt: label,
    loading: "lazy",
    decoding: "async",
  });
  const view = el(
    "button",
    {
      class: "visual",
      type: "button",
      "aria-label": `Open photo${message.caption ? `: ${message.caption}` : ""}`,
      style: box(full.width, full.height),
    },
    image,
  );
  image.addEventListener(
    "error",
    () =>
      view.replaceChildren(el("span", { class: "visual-note" }, icon("image"), "This photo cannot be shown")),
    { once: true },
  );
  view.addEventListener("click", () =>
    lightbox(fileUrl(full.file_unique_id), label, fileUrl(full.file_unique_id)),
  );
  return view;
}

function video(message) {
  const film = message.video;
  const badge = el("span", {
    class: "visual-badge",
    text: [film.duration ? duration(film.duration) : null, bytes(film.file_size)].filter(Boolean).join(" · "),
  });
  const play = el(
    "button",
    { class: "visual-play", type: "button", "aria-label": `Play video ${film.file_name || ""}` },
    icon("play", true),
  );
  const view = el(
    "div",
    { class: "visual film", style: box(film.width, film.height) },
    poster(film),
    play,
    badge,
  );
  play.addEventListener("click", () => view.replaceChildren(playing(film)));
  return view;
}

function poster(film) {
  const still = film.thumbnail || film.thumb;
  if (!still) return el("span", { class: "visual-blank" });
  const image = el("img", { src: thumbnailUrl(film.file_unique_id), alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "visual-blank" })), {
    once: true,
  });
  return image;
}

/** A real film plays; a pretend one has bytes no player knows, and says so. */
function playing(film, attributes = { controls: true }) {
  const node = el("video", { src: fileUrl(film.file_unique_id), playsinline: true, ...attributes });
  node.autoplay = true;
  node.addEventListener(
    "error",
    () => {
      const save = el("a", {
        class: "link",
        href: fileUrl(film.file_unique_id),
        download: film.file_name || "video",
        text: "Download",
      });
      node.replaceWith(
        el("span", { class: "visual-note" }, icon("film"), "This video has no picture to play.", save),
      );
    },
    { once: true },
  );
  return node;
}

function animation(message) {
  const clip = message.animation;
  if (clip.mime_type === "image/gif") {
    return el(
      "div",
      { class: "visual", style: box(clip.width, clip.height) },
      el("img", { src: fileUrl(clip.file_unique_id), alt: "GIF" }),
    );
  }
  const node = playing(clip, { loop: true });
  node.muted = true;
  return el(
    "div",
    { class: "visual", style: box(clip.width, clip.height) },
    node,
    el("span", { class: "visual-badge", text: "GIF" }),
  );
}

function videoNote(message) {
  const note = message.video_note;
  const play = el(
    "button",
    { class: "visual-play", type: "button", "aria-label": "Play video message" },
    icon("play", true),
  );
  const view = el("div", { class: "visual round" }, poster(note), play);
  play.addEventListener("click", () => view.replaceChildren(playing(note)));
  return view;
}

const voice = (message) =>
  player(
    fileUrl(message.voice.file_unique_id),
    message.voice.duration,
    "voice message",
    message.voice.file_unique_id,
  );

function audio(message) {
  const track = message.audio;
  const title = [track.performer, track.title].filter(Boolean).join(" – ") || track.file_name || "Audio";
  const head = el(
    "div",
    { class: "track" },
    el("span", { class: "track-title", text: title }),
    el("span", { class: "file-size", text: bytes(track.file_size) }),
  );
  return el(
    "div",
    { class: "audio" },
    head,
    player(fileUrl(track.file_unique_id), track.duration, title, track.file_unique_id),
  );
}

function document(message) {
  const file = message.document;
  const name = file.file_name || "file";
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && name.length - dot <= 6 ? name.slice(dot + 1) : "";
  const face = el(
    "span",
    { class: "file-face", "aria-hidden": "true" },
    ending ? el("span", { text: ending }) : icon("file"),
  );
  if (file.thumbnail) {
    const still = el("img", { src: thumbnailUrl(file.file_unique_id), alt: "", loading: "lazy" });
    still.addEventListener("error", () => still.remove(), { once: true });
    face.append(still);
  }
  const words = el(
    "span",
    { class: "file-words" },
    el("span", { class: "file-name", text: name }),
    el("span", { class: "file-size", text: bytes(file.file_size) }),
  );
  return el(
    "a",
    { class: "file", href: fileUrl(file.file_unique_id), download: name, title: `Download ${name}` },
    face,
    words,
    icon("download"),
  );
}

function sticker(message) {
  const image = el("img", {
    class: "sticker",
    src: fileUrl(message.sticker.file_unique_id),
    alt: `Sticker ${message.sticker.emoji || ""}`,
  });
  image.addEventListener(
    "error",
    () => image.replaceWith(el("span", { class: "sticker blank", text: message.sticker.emoji || "Sticker" })),
    { once: true },
  );
  return image;
}
