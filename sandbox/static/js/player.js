// A small player for voice and music: a button, a bar that can be moved with the keyboard, the time.

import { el, fill, icon } from "./dom.js";
import { duration } from "./format.js";

let playing = null; // only one sounds at a time

/** `seconds` is what the message says; the browser's own figure is wrong for many recordings. */
export function player(url, seconds, label, seed = "") {
  const audio = new Audio();
  audio.preload = "none";
  const time = el("span", { class: "player-time", text: duration(seconds) });
  const seek = el("input", {
    type: "range",
    min: "0",
    max: "1000",
    value: "0",
    "aria-label": `Position in ${label}`,
  });
  const wave = el("span", { class: "wave" }, bars(seed, 36), seek);
  const button = el(
    "button",
    { class: "player-button", type: "button", "aria-label": `Play ${label}` },
    icon("play", true),
  );
  const length = () =>
    Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : seconds || 0;

  const show = () => {
    const part = length() ? Math.min(1, audio.currentTime / length()) : 0;
    seek.value = String(Math.round(part * 1000));
    [...wave.querySelectorAll("i")].forEach((bar, at, all) =>
      bar.classList.toggle("played", part > at / all.length),
    );
    time.textContent = duration(audio.paused && !audio.currentTime ? length() : audio.currentTime);
  };
  const mark = (on) => {
    fill(button, icon(on ? "pause" : "play", !on));
    button.setAttribute("aria-label", `${on ? "Pause" : "Play"} ${label}`);
  };
  button.addEventListener("click", () => {
    if (!audio.src) audio.src = url;
    if (!audio.paused) return audio.pause();
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    return audio.play().catch(() => (time.textContent = "can't be played"));
  });
  seek.addEventListener("input", () => {
    if (!audio.src) audio.src = url;
    audio.currentTime = (Number(seek.value) / 1000) * length();
    show();
  });
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("play", () => mark(true));
  audio.addEventListener("pause", () => mark(false));
  audio.addEventListener("ended", () => {
    audio.currentTime = 0;
    show();
  });
  return el("div", { class: "player" }, button, el("div", { class: "player-body" }, wave, time));
}

// The heights come from the file's id: they mean nothing, but the same file always looks the same.
function bars(seed, count) {
  let hash = 7;
  for (const char of seed) hash = (hash * 31 + char.codePointAt(0)) % 9973;
  return Array.from({ length: count }, () => {
    hash = (hash * 137 + 71) % 9973;
    return el("i", { style: { height: `${22 + (hash % 78)}%` } });
  });
}
