// What happened, the newest last; folded away until somebody wants it.

import { el } from "../../../upload/static/js/dom.js";
import { date } from "../../../upload/static/js/format.js";
import { knows, t } from "../../../upload/static/js/words.js";
import { sign } from "./signs.js";

export function timeline(events) {
  if (!events.length) return null;
  return el(
    "details",
    { class: "card timeline" },
    el("summary", {}, sign("clock"), el("span", { text: t("timeline.title") }), count(events)),
    el("ol", {}, events.map(line)),
  );
}

const count = (events) => el("span", { class: "many", text: String(events.length) });

function line({ at, event, by, media_id: id, filename }) {
  const what = t(knows(`event.${event}`) ? `event.${event}` : "event.unknown");
  const which = filename ?? (id ? t("timeline.file", { id }) : null);
  return el(
    "li",
    {},
    el("time", { datetime: at, text: date(at) }),
    el("p", {}, el("b", { text: what }), which && ` · ${which}`, by && el("span", { class: "soft", text: ` · ${by}` })),
  );
}
