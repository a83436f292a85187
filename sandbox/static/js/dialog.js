// Dialogs and menus. Native <dialog> brings focus trapping, Escape and the backdrop with it.

import { el, icon, iconButton } from "./dom.js";

/** Open a modal with a title; returns the dialog. It removes itself when closed. */
export function modal(title, content, { onClose = () => {}, wide = false } = {}) {
  const box = el("dialog", { class: wide ? "modal wide" : "modal", "aria-label": title });
  const head = el(
    "header",
    { class: "modal-head" },
    el("h2", { text: title }),
    iconButton("close", "Close", () => box.close()),
  );
  box.append(head, content);
  return show(box, onClose);
}

function show(box, onClose) {
  box.addEventListener("close", () => {
    box.remove();
    onClose();
  });
  // A press on the backdrop reaches the dialog itself.
  box.addEventListener("pointerdown", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}

/** What Telegram shows for show_alert. */
export function alertBox(title, text) {
  const ok = el("button", {
    class: "button primary",
    type: "button",
    text: "OK",
    on: { click: () => box.close() },
  });
  const box = modal(
    title,
    el(
      "div",
      { class: "modal-body" },
      el("p", { class: "alert-text", text }),
      el("div", { class: "modal-actions" }, ok),
    ),
  );
  ok.focus();
  return box;
}

/** A menu near a point. `items`: {icon, label, run, danger} or null for a gap. */
export function menu(anchor, items, extra = null) {
  const box = el("dialog", { class: "menu", "aria-label": "Menu" });
  const list = el("div", { role: "menu" });
  for (const item of items.filter(Boolean)) {
    const run = () => {
      // Closing gives the focus back to where it was; what runs next may take it further.
      box.close();
      item.run();
    };
    list.append(
      el(
        "button",
        { class: item.danger ? "danger" : "", role: "menuitem", type: "button", on: { click: run } },
        icon(item.icon),
        item.label,
      ),
    );
  }
  if (extra) box.append(extra(() => box.close()));
  box.append(list);
  box.addEventListener("keydown", (event) => moveFocus(event, list));
  show(box, () => {});
  place(box, anchor);
  list.firstChild.focus();
  return box;
}

function moveFocus(event, list) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...list.children];
  const at = buttons.indexOf(document.activeElement);
  buttons[(at + step + buttons.length) % buttons.length].focus();
}

/** Keep the menu inside the window, above or below where it was asked for. */
function place(box, { x, y, up = false }) {
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(x, innerWidth - width - 8));
  const wanted = up || y + height > innerHeight - 8 ? y - height : y;
  box.style.left = `${left}px`;
  box.style.top = `${Math.max(8, Math.min(wanted, innerHeight - height - 8))}px`;
}

/** A photo as large as the window. */
export function lightbox(url, name, download) {
  const picture = el("img", { src: url, alt: name });
  const save = el(
    "a",
    { class: "icon-button", href: download, download: name, "aria-label": "Download", title: "Download" },
    icon("download"),
  );
  const bar = el(
    "div",
    { class: "lightbox-bar" },
    el("span", { text: name }),
    save,
    iconButton("close", "Close", () => box.close()),
  );
  const box = el(
    "dialog",
    {
      class: "lightbox",
      "aria-label": name,
      on: {
        click: (event) =>
          event.target !== picture && event.target.closest("a, button") === null && box.close(),
      },
    },
    bar,
    picture,
  );
  return show(box, () => {});
}
