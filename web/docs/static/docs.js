// The page: every call of the document, to search, to read and to copy.

import { copyable, element, inline, prose } from "./dom.js";
import { curl } from "./curl.js";
import { Schemas } from "./schema.js";

const at = (id) => document.getElementById(id);
const api = await (await fetch("/api/openapi.json")).json();
const schemas = new Schemas(api);
const calls = collect(api.paths);

// HEAD is told with its GET.
function collect(paths) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== "head" || !operations.get)
      .map(([method, operation]) => ({ path, method, head: method === "get" && !!operations.head, ...operation })),
  );
}

function render() {
  at("overview").replaceChildren(...prose(api.info.description));
  for (const tag of api.tags) {
    const own = calls.filter((call) => call.tags[0] === tag.name);
    if (!own.length) continue;
    const title = tag.name[0].toUpperCase() + tag.name.slice(1);
    const area = element("section", { class: "area" }, element("h2", { class: "area" }, title), element("p", { class: "area" }, tag.description));
    const links = element("section", {}, element("h2", {}, title));
    for (const call of own) {
      call.box = box(call);
      call.link = element("a", { href: `#${call.operationId}` }, method(call), element("span", {}, call.summary));
      call.text = JSON.stringify([call.method, call.path, call.summary, call.description, call.parameters, call.requestBody, call.responses]).toLowerCase();
      area.append(call.box);
      links.append(call.link);
    }
    at("calls").append(area);
    at("links").append(links);
  }
}

function method(call) {
  return element("span", { class: `method ${call.method}` }, call.method.toUpperCase());
}

function box(call) {
  const scope = call.security.length ? call.security[0].apiKey[0] : "open";
  const summary = element(
    "summary", {}, method(call), element("span", { class: "path" }, call.path),
    element("span", { class: "scope" }, scope), element("span", { class: "what" }, call.summary),
  );
  const made = element("details", { class: "call", id: call.operationId }, summary);
  // Most calls are never opened: what is inside is made when one is.
  made.addEventListener("toggle", () => made.open && !made.querySelector(".inside") && made.append(inside(call)));
  return made;
}

function inside(call) {
  call.line = copyable(() => curl(call, schemas, at("key").value));
  const places = [["Path", "path"], ["Query", "query"], ["Headers", "header"]];
  return element(
    "div", { class: "inside" },
    prose(call.description), call.head && element("p", {}, "HEAD too."), call.line,
    places.map(([title, place]) => parameters(title, (call.parameters ?? []).filter((one) => one.in === place))),
    Object.entries(call.requestBody?.content ?? {}).map(([type, content]) => body(type, content)),
    element("h4", {}, "Answers"),
    element("div", { class: "answers" }, Object.entries(call.responses).map(([status, response]) => answer(status, response))),
  );
}

function parameters(title, found) {
  if (!found.length) return null;
  const rows = found.flatMap((one) => schemas.row(one.name, { ...schemas.resolve(one.schema), description: one.description ?? schemas.resolve(one.schema).description }, one.required));
  return [element("h4", {}, title), element("dl", { class: "fields" }, rows)];
}

function body(type, content) {
  const fields = schemas.fields(content.schema);
  return [element("h4", {}, "Body: ", element("code", {}, type)), fields ?? element("p", {}, inline(schemas.kind(content.schema)))];
}

function answer(status, given) {
  const response = schemas.resolve(given);
  const made = element(
    "details", {},
    element("summary", {}, element("span", { class: `status ${status < "400" ? "good" : "bad"}` }, status), inline(response.description)),
  );
  made.addEventListener("toggle", () => made.open && made.children.length === 1 && made.append(...answerInside(response)));
  return made;
}

function answerInside(response) {
  const headers = Object.entries(response.headers ?? {}).flatMap(([name, header]) => schemas.row(name, { ...header.schema, description: header.description }, false));
  const shown = Object.entries(response.content ?? {}).flatMap(([type, content]) => [
    element("p", {}, element("code", {}, type)), ...codes(content), example(content), type.includes("problem") ? null : schemas.fields(content.schema),
  ]);
  const parts = [headers.length ? element("dl", { class: "fields" }, headers) : null, ...shown].filter(Boolean);
  return parts.length ? parts : [element("p", {}, "No body.")];
}

function codes(content) {
  return Object.values(content.examples ?? {}).map((one) => {
    const { value } = schemas.resolve(one);
    return element("p", {}, element("code", {}, value.code), " ", value.detail);
  });
}

function example(content) {
  const given = content.example ?? schemas.resolve(content.schema).examples?.[0];
  if (given === undefined) return null;
  return element("pre", {}, element("code", {}, JSON.stringify(given, null, 2)));
}

function search() {
  const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const call of calls) {
    const hit = words.every((word) => call.text.includes(word));
    call.box.hidden = call.link.hidden = !hit;
    found += hit;
  }
  for (const area of document.querySelectorAll("section.area, #links > section")) {
    area.hidden = ![...area.querySelectorAll(".call, a")].some((one) => !one.hidden);
  }
  at("overview").hidden = words.length > 0;
  at("count").textContent = words.length ? (found ? `${found} of ${calls.length} calls` : "No call has all of these words.") : "";
}

function openNamed() {
  const named = calls.find((call) => `#${call.operationId}` === location.hash);
  if (!named) return;
  named.box.open = true;
  named.box.scrollIntoView();
}

const narrow = matchMedia("(max-width: 52rem)");
function fold() {
  at("menu").open = !narrow.matches;
}

render();
fold();
openNamed();
narrow.addEventListener("change", fold);
at("links").addEventListener("click", () => narrow.matches && (at("menu").open = false));
at("search").addEventListener("input", search);
at("key").addEventListener("input", () => calls.forEach((call) => call.line?.refresh()));
addEventListener("hashchange", openNamed);
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input")) return;
  event.preventDefault();
  at("search").focus();
});
document.documentElement.dataset.ready = "";
