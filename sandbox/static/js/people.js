// Choosing who to be, and making up new people.

import * as api from "./api.js";
import { avatar, el, icon } from "./dom.js";
import { languageName, personName } from "./format.js";
import { modal } from "./dialog.js";
import { reported } from "./live.js";
import { emit, loadState, standing, state } from "./store.js";

const WELCOME =
  "This is a Telegram that runs on your machine alone, to try the bot without an account: choose who to be, then send the bot a photo.";
const AGAIN = "Everyone here is made up. Open this page in a second tab to be two people at once.";
const ROLES = {
  tenant: "tenant: sends photos",
  staff: "staff: works on requests",
  admin: "admin: runs the channels",
};

export function choosePerson() {
  const become = (person) => {
    box.close();
    emit("become", person);
  };
  const rows = state.people.map((person) => personRow(person, () => become(person)));
  const fresh = el(
    "button",
    { class: "pick new", type: "button", on: { click: () => (box.close(), newPerson()) } },
    el("span", { class: "avatar plus" }, icon("plus")),
    el("span", { text: "Somebody new" }),
  );
  const note = el("p", { class: "modal-note", text: state.me ? AGAIN : WELCOME });
  const box = modal(
    state.me ? "Who do you want to be?" : "A Telegram of your own",
    el("div", { class: "modal-body" }, note, el("div", { class: "picks" }, rows, fresh)),
  );
  (box.querySelector(".pick.current") || box.querySelector(".pick")).focus();
}

function personRow(person, onClick) {
  const current = state.me?.id === person.id;
  const detail = [ROLES[standing(person)], languageName(person.language_code)].filter(Boolean).join(" · ");
  const words = el(
    "span",
    { class: "pick-words" },
    el("strong", { text: personName(person) }),
    el("small", { text: detail }),
  );
  return el(
    "button",
    {
      class: current ? "pick current" : "pick",
      type: "button",
      "aria-current": current ? "true" : null,
      on: { click: onClick },
    },
    avatar(person.id, personName(person), null, api.faceUrl(person)),
    words,
    current ? icon("check") : null,
  );
}

export function field(label, name, attributes = {}) {
  return el(
    "label",
    { class: "field" },
    el("span", { text: label }),
    el("input", { name, autocomplete: "off", ...attributes }),
  );
}

export function select(label, name, options) {
  const list = el(
    "select",
    { name },
    options.map(([value, text]) => el("option", { value, text })),
  );
  return el("label", { class: "field" }, el("span", { text: label }), list);
}

function newPerson() {
  const form = el(
    "form",
    { class: "modal-body form" },
    field("First name", "first_name", { required: true, maxlength: "64" }),
    field("Last name", "last_name", { maxlength: "64" }),
    field("Username", "username", {
      pattern: "[A-Za-z][A-Za-z0-9_]{4,31}",
      title: "5 to 32 letters, digits and underscores",
      placeholder: "without @",
    }),
    field("Phone", "phone", { type: "tel", placeholder: "+998901234567" }),
    select("Language of the app", "language_code", [
      ["en", "English"],
      ["ru", "Русский"],
      ["uz", "Oʻzbekcha"],
    ]),
    el(
      "div",
      { class: "modal-actions" },
      el("button", { class: "button primary", type: "submit", text: "Be this person" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const filled = [...new FormData(form)]
      .filter(([, value]) => value.trim() !== "")
      .map(([name, value]) => [name, value.trim()]);
    reported(create(Object.fromEntries(filled), box));
  });
  const box = modal("Somebody new", form);
  form.elements.first_name.focus();
}

async function create(values, box) {
  const person = await api.createPerson(values);
  box.close();
  await loadState();
  emit("become", state.people.find((each) => each.id === person.id) || person);
}
