// Making a group or channel with the bot in it.

import * as api from "./api.js";
import { el } from "./dom.js";
import { modal } from "./dialog.js";
import { reported } from "./live.js";
import { field, select } from "./people.js";
import { emit, loadChats, state } from "./store.js";

export function newChat() {
  if (!state.me) return;
  const admin = el("input", { type: "checkbox", name: "admin", checked: true });
  const form = el(
    "form",
    { class: "modal-body form" },
    select("Kind", "type", [
      ["supergroup", "Group"],
      ["channel", "Channel"],
    ]),
    field("Title", "title", { required: true, maxlength: "128" }),
    el("label", { class: "check" }, admin, el("span", { text: "The bots are administrators" })),
    el(
      "div",
      { class: "modal-actions" },
      el("button", { class: "button primary", type: "submit", text: "Create" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const status = admin.checked ? "administrator" : "member";
    reported(
      create(
        {
          type: form.elements.type.value,
          title: form.elements.title.value.trim(),
          creator: state.me.id,
          bots: state.bots.map(({ id }) => ({ id, status })),
        },
        box,
      ),
    );
  });
  const box = modal("New group or channel", form);
  form.elements.title.focus();
}

async function create(values, box) {
  const chat = await api.createChat(values);
  box.close();
  await loadChats();
  emit("open", String(chat.id));
}
