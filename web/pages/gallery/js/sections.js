// The body of the page: before beside after, then what else there is to see, then what there is to read.

import { el } from "../../../upload/static/js/dom.js";
import { t } from "../../../upload/static/js/words.js";
import { SIDES, isVisual } from "./files.js";
import { row, tile } from "./tile.js";

/** The files one can step through, in the order of the page. */
export function inOrder(files) {
  return SIDES.flatMap((side) => files.filter((file) => file.side === side && isVisual(file)));
}

/** All sections. `onOpen` gets the file of a picture that was pressed. */
export function sections(files, onOpen) {
  const seen = Object.fromEntries(
    SIDES.map((side) => [side, files.filter((file) => file.side === side && isVisual(file))]),
  );
  const papers = files.filter((file) => !isVisual(file));
  const paired = seen.before.length && seen.after.length;
  return [
    paired ? pair(seen.before, seen.after, onOpen) : null,
    ...SIDES.filter((side) => !paired || !["before", "after"].includes(side)).map((side) =>
      seen[side].length ? pictures(side, seen[side], onOpen) : null,
    ),
    papers.length ? documents(papers) : null,
  ].filter(Boolean);
}

function pair(before, after, onOpen) {
  return el(
    "section",
    { class: "card pair", "aria-label": t("side.both") },
    column("before", before, onOpen),
    column("after", after, onOpen),
  );
}

function column(side, files, onOpen) {
  return el(
    "div",
    { class: "column", "data-side": side },
    heading(side, files.length),
    el("ul", { class: "tiles", "aria-label": t(`side.${side}`) }, files.map((file) => tile(file, onOpen))),
  );
}

function pictures(side, files, onOpen) {
  return el("section", { class: "card pictures" }, column(side, files, onOpen));
}

function documents(files) {
  return el(
    "section",
    { class: "card documents" },
    heading("documents", files.length),
    el("ul", {}, files.map(row)),
  );
}

function heading(side, count) {
  return el(
    "h2",
    { class: `side ${side}` },
    el("span", { text: t(`side.${side}`) }),
    el("span", { class: "many", text: String(count) }),
  );
}
