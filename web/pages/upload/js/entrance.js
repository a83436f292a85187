// Where somebody comes without an invitation: they give their key. The card also says why an invitation or a key
// does not open the page.

import { el, fill, icon } from "./dom.js";
import { follow, t } from "./words.js";

/** `onKey(key, remembered)`; `reason()` is a sentence in the present language, or null. */
export function entrance(onKey, reason) {
  const key = el("input", {
    ...{ id: "key", type: "password", autocomplete: "off", required: true },
    ...{ autocapitalize: "none", spellcheck: "false", "aria-describedby": "key-hint" },
  });
  const remember = el("input", { id: "remember", type: "checkbox" });
  const fault = el("p", { class: "fault", role: "alert" });
  const node = el("form", { class: "card entrance" });
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    if (key.value.trim()) onKey(key.value.trim(), remember.checked);
  });
  follow(() => {
    const text = reason();
    fault.textContent = text ?? "";
    fault.hidden = !text;
    fill(
      node,
      el("span", { class: "pick-sign" }, icon("key")),
      el("h2", { text: t("entrance.title") }),
      fault,
      el("p", { class: "soft", id: "key-hint", text: t("entrance.hint") }),
      el("div", { class: "field" }, el("label", { for: "key", text: t("entrance.key") }), key),
      el("label", { class: "tick" }, remember, el("span", { text: t("entrance.remember") })),
      el("button", { class: "button primary wide", type: "submit", text: t("entrance.enter") }),
    );
  });
  return node;
}

/** For when the server cannot be asked: nothing is wrong with the person's key. */
export function unreachable(onRetry) {
  const node = el("section", { class: "card entrance" });
  follow(() =>
    fill(
      node,
      el("span", { class: "pick-sign" }, icon("offline")),
      el("p", { role: "alert", text: t("error.network") }),
      el("button", {
        class: "button primary wide",
        type: "button",
        text: t("row.again"),
        on: { click: onRetry },
      }),
    ),
  );
  return node;
}
