// What the files are about: request number, purpose, tags, description. All of it may stay empty.

import { el, fill } from "./dom.js";
import { follow, t } from "./words.js";

const PURPOSES = ["request", "report", "completion", "process", "other"];
const LIMITS = { number: 16, tags: 600, description: 2000 };

/** `invitation`: what it sets is shown, not asked. */
export function detailsForm(invitation) {
  const fields = {
    number: el("input", {
      id: "number",
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      maxlength: LIMITS.number,
    }),
    purpose: el("select", { id: "purpose" }),
    tags: el("input", { id: "tags", type: "text", autocomplete: "off", maxlength: LIMITS.tags }),
    description: el("textarea", { id: "description", rows: 3, maxlength: LIMITS.description }),
  };
  const fault = el("p", { class: "fault", id: "number-fault", role: "alert", hidden: true });
  const node = el("section", { class: "card details" });
  fields.number.addEventListener("input", () => shaped(fields.number));
  fields.number.addEventListener("change", () => check());

  follow(() => {
    const chosen = fields.purpose.value || "request";
    fill(
      fields.purpose,
      ...PURPOSES.map((name) => el("option", { value: name, text: t(`purpose.${name}`) })),
    );
    fields.purpose.value = chosen;
    fields.number.placeholder = t("details.number.example");
    fields.tags.placeholder = t("details.tags.example");
    const more = node.querySelector("details");
    const isOpen = more ? more.open : matchMedia("(min-width: 900px)").matches;
    fill(
      node,
      el("h2", { text: t("details.title") }),
      invitation?.request_number
        ? el(
            "p",
            { class: "fixed" },
            t("details.number"),
            ": ",
            el("strong", { text: invitation.request_number }),
          )
        : field(fields.number, t("details.number"), fault),
      el(
        "details",
        { open: isOpen },
        el("summary", { text: t("details.more") }),
        invitation?.category ? null : field(fields.purpose, t("details.purpose")),
        field(fields.tags, t("details.tags")),
        field(fields.description, t("details.description")),
      ),
    );
    fault.textContent = t("error.invalid_request_number");
  });

  /** Whether the number can be right; shows where it cannot. */
  function check() {
    const value = fields.number.value.trim();
    const isRight = !value || isRequestNumber(value);
    fields.number.setAttribute("aria-invalid", String(!isRight));
    fields.number.setAttribute("aria-describedby", fault.id);
    fault.hidden = isRight;
    return isRight;
  }

  return {
    node,
    check: () => check() || (fields.number.focus(), false),
    /** The fields of `Upload-Metadata` for a file of this type. */
    read: (type) => ({
      request_number: invitation?.request_number ?? fields.number.value.trim(),
      category: invitation?.category ?? category(fields.purpose.value, type),
      tags: tagList(fields.tags.value),
      description: fields.description.value.trim(),
    }),
  };
}

function field(input, label, fault = null) {
  return el("div", { class: "field" }, el("label", { for: input.id, text: label }), input, fault);
}

/** Digits are enough to type: the hyphen comes by itself. */
function shaped(input) {
  const plain = input.value.replace(/[‐‑–—−_]/g, "-").replace(/^[#№r\s]+/i, "");
  const digits = plain.replace(/\D/g, "");
  input.value = /^\d{7,}$/.test(plain) ? `${digits.slice(0, 6)}-${digits.slice(6)}` : plain;
}

/** `YYMMDD-NNN` with a date that exists. */
export function isRequestNumber(text) {
  const [, year, month, day] = /^(\d{2})(\d{2})(\d{2})-\d{3,9}$/.exec(text) ?? [];
  if (!year) return false;
  const date = new Date(Date.UTC(2000 + Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** A purpose and what the file is make the category; none for a plain request: the server sees the bytes. */
function category(purpose, type) {
  const kind = { image: "photo", video: "video" }[type.split("/")[0]] ?? "document";
  if (purpose === "report" || purpose === "completion") return `${purpose}_${kind}`;
  if (purpose === "process" && kind === "video") return "process_video";
  return purpose === "other" ? "other" : "";
}

function tagList(text) {
  const tags = text.split(/[,;\n]/).map((tag) => tag.trim().replace(/^#/, ""));
  return tags.some(Boolean) ? JSON.stringify(tags.filter(Boolean)) : "";
}
