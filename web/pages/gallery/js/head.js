// The head of the page: which request, how much of what, since when, and the way to take all of it along.

import { el, fill } from "../../../upload/static/js/dom.js";
import { bytes, date, facts } from "../../../upload/static/js/format.js";
import { LANGUAGES, change, locale, plural, t } from "../../../upload/static/js/words.js";
import { zipPath } from "./content.js";
import { countKinds } from "./files.js";
import { sign } from "./signs.js";

/** The bar at the top. `number` null: the link leads to nothing. */
export function top(node, number) {
  const title = number ? t("page.title", { number }) : t("page.name");
  document.title = title;
  fill(
    node,
    el("a", { class: "skip", href: "#main", text: t("page.skip") }),
    el("h1", {}, el("span", { class: "brand" }, sign("images")), el("span", { text: title })),
    languages(),
  );
}

function languages() {
  const node = el("select", { class: "language", "aria-label": t("page.language") });
  for (const [code, name] of Object.entries(LANGUAGES)) {
    node.append(el("option", { value: code, text: name, lang: code, selected: code === locale() }));
  }
  node.addEventListener("change", async () => {
    await change(node.value);
    document.querySelector(".language").focus();
  });
  return node;
}

/** Counts, days, people, the ZIP, and what is not here. */
export function summary({ files, zip_size: size, expires_at: until, request: order }) {
  const counts = countKinds(files).map(([kind, count]) => plural(`count.${kind}`, count));
  const ending = el("p", { class: "soft", text: t("page.until", { date: date(until) }) });
  if (!files.length) {
    return el("section", { class: "card summary" }, ...about(order), el("p", { text: t("page.empty") }), ending);
  }
  return el(
    "section",
    { class: "card summary", "aria-label": t("summary.title") },
    el(
      "div",
      {},
      ...about(order),
      el("p", { class: "counts", text: facts(counts) }),
      el("p", { class: "soft", text: facts([days(files), ...people(files)]) }),
      ending,
    ),
    size ? everything(size) : null,
    obstacles(files),
  );
}

/** What is to be done, where, and by whom: as far as the Request Service says it. */
function about(order) {
  if (!order) return [];
  const known = [order.state, order.address, ...order.assignees].filter(Boolean);
  return [
    order.title ? el("h2", { text: order.title }) : null,
    known.length ? el("p", { class: "soft", text: facts(known) }) : null,
  ].filter(Boolean);
}

function everything(size) {
  const label = t("summary.zip", { size: bytes(size) });
  return el("a", { class: "button primary", href: zipPath, download: true }, sign("save"), label);
}

/** `26 September`, or the first and the last day. */
function days(files) {
  const format = new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", year: "numeric" });
  const moments = files.map((file) => new Date(file.uploaded_at)).sort((one, other) => one - other);
  return format.formatRange(moments[0], moments.at(-1));
}

function people(files) {
  const names = [...new Set(files.map((file) => file.uploaded_by).filter(Boolean))];
  if (!names.length) return [];
  const shown = names.slice(0, 4).join(", ");
  return [names.length > 4 ? `${shown} …` : shown];
}

function obstacles(files) {
  const held = files.filter((file) => file.obstacle);
  if (!held.length) return null;
  const lines = held.map((file) =>
    el("li", {}, el("b", { text: file.filename }), ` · ${t(`obstacle.${file.obstacle}`, { id: file.id })}`),
  );
  return el("div", { class: "obstacles" }, sign("alert"), el("ul", {}, lines));
}
