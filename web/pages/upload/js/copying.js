// Copying: what was kept, for a letter or a chat.

import { API, json } from "./http.js";

/** Put a text on the clipboard; whether it worked. Plain http has no clipboard API, so an old way follows. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** A link that opens the file without a key, for an hour. Throws a Refusal. */
export async function linkTo(transfer) {
  const { file_url: url } = await json("GET", `media/${transfer.mediaId}/url`);
  return new URL(url, API).href;
}

/** Everything that was kept, one line each. */
export function listing(transfers) {
  return transfers
    .map(({ mediaId, name }) =>
      [mediaId, name, mediaId && `${API}media/${mediaId}`].filter(Boolean).join("\t"),
    )
    .join("\n");
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  return worked;
}
