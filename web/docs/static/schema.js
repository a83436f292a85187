// Schemas as lists of fields, and samples made of them.

import { element, inline } from "./dom.js";

const DEEPEST = 4;

export class Schemas {
  constructor(root) {
    this.root = root;
  }

  // What a $ref stands for; fields beside it, a description for instance, stay.
  resolve(schema) {
    if (!schema?.$ref) return schema ?? {};
    const found = schema.$ref.slice(2).split("/").reduce((node, step) => node[step], this.root);
    const { $ref, ...beside } = schema;
    return { ...this.resolve(found), ...beside };
  }

  // The schema, its null taken out.
  plain(schema) {
    const found = this.resolve(schema);
    const kinds = (found.anyOf ?? found.oneOf ?? []).filter((kind) => kind.type !== "null");
    return kinds.length === 1 ? { ...this.resolve(kinds[0]), ...withoutKinds(found) } : found;
  }

  // One line: what a value looks like.
  kind(schema) {
    const found = this.plain(schema);
    const nullable = (this.resolve(schema).anyOf ?? []).some((kind) => kind.type === "null") ? ", or null" : "";
    const kinds = found.anyOf ?? found.oneOf;
    if (kinds) return kinds.filter((kind) => kind.type !== "null").map((kind) => this.kind(kind)).join(" or ") + nullable;
    if (found.const !== undefined) return `\`${found.const}\`` + nullable;
    if (found.enum) return found.enum.map((value) => `\`${value}\``).join(" ") + nullable;
    if (found.type === "array") return `array of ${this.kind(found.items ?? {})}${nullable}`;
    const name = found.format === "binary" ? "file" : found.format ?? found.type ?? "anything";
    return name + limits(found) + nullable;
  }

  // The fields of an object (or of an array's items), objects within behind a summary.
  fields(schema, depth = 0) {
    const found = this.plain(schema);
    if (found.type === "array") return this.fields(found.items ?? {}, depth);
    const kinds = found.anyOf ?? found.oneOf;
    if (kinds) return element("div", {}, kinds.map((kind) => this.fields(kind, depth)).filter(Boolean));
    if (!found.properties || depth >= DEEPEST) return null;
    const must = new Set(found.required ?? []);
    const rows = Object.entries(found.properties).map(([name, field]) => this.row(name, field, must.has(name), depth));
    return element("dl", { class: "fields" }, rows.flat());
  }

  row(name, schema, required, depth = 0) {
    const found = this.plain(schema);
    const inner = this.fields(schema, depth + 1);
    const shown = inner && element("details", { class: "inner" }, element("summary", {}, "its fields"), inner);
    const text = schema.description ?? found.description;
    const preset = found.default != null && found.default !== "" ? [` · default `, element("code", {}, String(found.default))] : [];
    return [
      element("dt", {}, name, required && element("span", { class: "must" }, " required")),
      element("dd", {}, element("p", { class: "type" }, inline(this.kind(schema)), preset), text && element("p", {}, inline(text)), shown),
    ];
  }

  // A value that the schema allows, for a curl line.
  sample(schema, depth = 0) {
    const found = this.plain(schema);
    if (found.examples?.length) return found.examples[0];
    if (found.default != null) return found.default;
    if (found.const !== undefined) return found.const;
    if (found.enum) return found.enum[0];
    if (found.anyOf ?? found.oneOf) return this.sample((found.anyOf ?? found.oneOf)[0], depth + 1);
    if (found.type === "array") return depth > DEEPEST ? [] : [this.sample(found.items ?? {}, depth + 1)];
    if (found.type === "object" || found.properties) return this.object(found, depth);
    return { integer: found.minimum ?? 1, number: 1, boolean: true }[found.type] ?? textOf(found);
  }

  object(found, depth) {
    const must = found.required?.length ? found.required : Object.keys(found.properties ?? {}).slice(0, 2);
    return Object.fromEntries(must.map((name) => [name, this.sample(found.properties[name], depth + 1)]));
  }
}

function withoutKinds({ anyOf, oneOf, ...rest }) {
  return rest;
}

function textOf(found) {
  if (found.format === "uuid") return "1f6f3b5e-2f0f-4a0e-9d53-8a8c2f6f3b5e";
  if (found.format === "date-time") return "2025-09-26T08:15:00Z";
  return found.format === "date" ? "2025-09-26" : "…";
}

function limits(found) {
  const least = found.minimum ?? found.minLength ?? found.minItems;
  const most = found.maximum ?? found.maxLength ?? found.maxItems;
  const huge = most === undefined || most > 2 ** 53;
  const unit = found.maxLength !== undefined || found.minLength !== undefined ? " characters" : "";
  if (least === undefined && huge) return "";
  if (huge) return `, at least ${least}${unit}`;
  return least === undefined ? `, at most ${most}${unit}` : `, ${least} to ${most}${unit}`;
}
