// What the link leads to: one request, asked for once. The token is the last segment of the page's own address.

const base = location.pathname.replace(/\/+$/, "");

/** A link that does not hold, or a server that does not answer: `reason` is the key of what to say. */
export class Closed extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** The request: its number, its files, what happened. Raises `Closed`. */
export async function load() {
  let response;
  try {
    response = await fetch(`${base}/request`);
  } catch {
    throw new Closed("offline");
  }
  if (response.status === 410) throw new Closed("expired");
  if (response.status === 404) throw new Closed("unknown");
  if (!response.ok) throw new Closed("offline");
  return response.json();
}

export const previewOf = (file, size) => `${base}/media/${file.id}/preview?size=${size}`;
export const bytesOf = (file) => `${base}/media/${file.id}/file`;
export const savingOf = (file) => `${base}/media/${file.id}/file?download=1`;
export const zipPath = `${base}/zip`;
