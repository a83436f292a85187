// A small client of tus 1.0.0: creation, offset, bytes, termination (https://tus.io/protocols/resumable-upload).
// Bytes go by XMLHttpRequest: fetch does not tell how much it has sent, and both read a slice of a file from the
// disk as they send it.

import { headers } from "./access.js";
import { API, Refusal, call } from "./http.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const SILENCE = 45000;
const THINKING = 120000;
const TICK = 3000;

/** Begin an upload; its id, which is the last segment of its URL. */
export async function create(size, metadata, signal) {
  const extra = { ...VERSION, "Upload-Length": String(size), "Upload-Metadata": encoded(metadata) };
  const response = await call("POST", "uploads", { extra, signal });
  const location = response.headers.get("Location") ?? "";
  const id = new URL(location, API).pathname.split("/").filter(Boolean).pop();
  if (!location || !id) throw new Refusal(response.status, "no_location");
  return id;
}

/** `{offset, mediaId}`: how much the server has; `mediaId` is null until the last byte is in. */
export async function head(id, signal) {
  const response = await call("HEAD", `uploads/${id}`, { extra: VERSION, signal });
  return told((name) => response.headers.get(name), response.status);
}

/** Give up an upload; the server forgets what came. */
export const terminate = (id) => call("DELETE", `uploads/${id}`, { extra: VERSION });

/**
 * Send the bytes of `file` from `start` to `end`. `onSent` is told how many went out; they have arrived only when
 * this resolves, to `{offset, mediaId}`. Rejects with a Refusal; AbortError when `signal` says so.
 */
export function send(id, file, start, end, { onSent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let heard = Date.now();
    let silence = SILENCE;
    const settle = (finish, value) => {
      clearInterval(watch);
      signal.removeEventListener("abort", stop);
      finish(value);
    };
    const lost = () => settle(reject, signal.aborted ? signal.reason : Refusal.network());
    const stop = () => request.abort();
    // A connection that died without a word (a closed lid, another network) would wait for minutes.
    const watch = setInterval(() => Date.now() - heard > silence && request.abort(), TICK);
    request.upload.onprogress = ({ loaded }) => {
      heard = Date.now();
      onSent(loaded);
    };
    request.upload.onload = () => {
      heard = Date.now();
      silence = THINKING;
    };
    request.onerror = request.onabort = lost;
    request.onload = () => {
      const header = (name) => request.getResponseHeader(name);
      if (request.status < 300) settle(resolve, told(header, request.status));
      else settle(reject, Refusal.from(request.status, request.responseText, header("Retry-After")));
    };
    signal.addEventListener("abort", stop);
    request.open("PATCH", `${API}uploads/${id}`);
    const sent = { ...headers(), ...VERSION, "Upload-Offset": String(start) };
    for (const [name, value] of Object.entries(sent)) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.send(file.slice(start, end, "application/offset+octet-stream"));
  });
}

function told(header, status) {
  const offset = Number(header("Upload-Offset") ?? NaN);
  if (!Number.isSafeInteger(offset)) throw new Refusal(status, "no_offset");
  return { offset, mediaId: header("Mediagate-Media-ID") };
}

/** `Upload-Metadata`: names, and values as Base64 of their UTF-8. What is empty is left out. */
function encoded(metadata) {
  return Object.entries(metadata)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");
}

function base64(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
