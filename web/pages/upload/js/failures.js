// Why something did not work, in the person's words.

import { bytes } from "./format.js";
import { knows, t } from "./words.js";

/** A sentence for a Refusal. What no text is made for is named by its code, so that somebody can be asked. */
export function explain({ status, code, fields }) {
  const field = code === "invalid_fields" ? fields.errors?.[0] : null;
  if (field && knows(`error.field.${field.field}`)) return t(`error.field.${field.field}`);
  const key =
    [`error.${code}`, `error.status_${status}`].find(knows) ??
    (status >= 500 ? "error.server" : "error.other");
  const shown = { ...fields, code, type: kind(fields.content_type ?? fields.detected) };
  if (typeof fields.limit === "number")
    shown.limit = code === "file_too_large" ? bytes(fields.limit) : fields.limit;
  return t(key, shown);
}

const NAMES = { "application/vnd.microsoft.portable-executable": "EXE", "application/octet-stream": "?" };

/** `image/svg+xml` is SVG to people. */
function kind(type) {
  if (!type) return "?";
  if (type in NAMES) return NAMES[type];
  const name = type
    .split("/")
    .pop()
    .replace(/^(x-|vnd\.)/, "")
    .replace(/\+.*$/, "");
  return name.length < 20 ? name.toUpperCase() : type;
}
