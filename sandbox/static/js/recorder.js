// A voice message from the microphone. Absent where the browser cannot record.

import { el, fill, icon, iconButton, toast } from "./dom.js";
import { duration } from "./format.js";
import { sendFiles } from "./actions.js";
import { reported } from "./live.js";
import { asOgg } from "./oggvoice.js";

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/** `target()` gives {chat, reply_to_message_id?} at the moment of sending. */
export function voiceButton(target) {
  const available = Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);
  const start = iconButton("mic", "Record a voice message", () => begin(), "send");
  const node = el("div", { class: "voice" }, start);
  let running = null;

  async function begin() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return toast("The browser gives no access to a microphone", "error");
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    running = { recorder, stream, chunks: [], since: Date.now(), keep: false };
    recorder.ondataavailable = (event) => running.chunks.push(event.data);
    recorder.onstop = () => reported(finish());
    recorder.start();
    return draw();
  }

  function draw() {
    const time = el("span", { class: "voice-time", role: "timer", text: "0:00" });
    running.timer = setInterval(
      () => (time.textContent = duration((Date.now() - running.since) / 1000)),
      250,
    );
    const cancel = iconButton("trash", "Throw the recording away", () => stop(false));
    const done = el(
      "button",
      {
        class: "icon-button send",
        type: "button",
        "aria-label": "Send the recording",
        on: { click: () => stop(true) },
      },
      icon("send"),
    );
    fill(node, cancel, el("span", { class: "voice-dot", "aria-hidden": "true" }), time, done);
    node.classList.add("recording");
    done.focus();
  }

  function stop(keep) {
    running.keep = keep;
    running.recorder.stop();
  }

  async function finish() {
    const { recorder, stream, chunks, since, keep, timer } = running;
    const seconds = Math.max(1, Math.round((Date.now() - since) / 1000));
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    running = null;
    node.classList.remove("recording");
    fill(node, start);
    if (!keep) return;
    const { chat, ...reply } = target();
    const voice = await asOgg(new Blob(chunks, { type: recorder.mimeType.split(";")[0] }));
    const { type } = voice;
    const file = new File([voice], `voice.${type.split("/")[1]}`, { type });
    reported(
      sendFiles(
        chat,
        { media: [{ kind: "voice", duration: seconds, mime_type: type }], ...reply },
        [file],
        "Voice message",
      ),
    );
  }

  return { node, available };
}
