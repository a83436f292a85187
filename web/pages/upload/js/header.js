// The head of the page: what it is, its language, and who uploads.

import * as access from "./access.js";
import { el, fill, icon } from "./dom.js";
import { bytes, date } from "./format.js";
import { LANGUAGES, change, follow, locale, plural, t } from "./words.js";

/** `onLeave`: forget the key. */
export function header(node, onLeave) {
  const draw = () =>
    fill(
      node,
      el("a", { class: "skip", href: "#main", text: t("page.skip") }),
      el("h1", {}, el("span", { class: "brand" }, icon("upload")), el("span", { text: t("page.title") })),
      el("div", { class: "top-side" }, languages(), leave(onLeave)),
    );
  follow(draw);
  return draw;
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

function leave(onLeave) {
  if (!access.current() || access.isInvited()) return null;
  const text = t("page.leave");
  return el(
    "button",
    { class: "icon-button", type: "button", title: text, "aria-label": text, on: { click: onLeave } },
    icon("key"),
  );
}

/** What an invitation allows, in a sentence or two. */
export function invitationCard(invitation) {
  const node = el("section", { class: "invitation" });
  follow(() => {
    const { files_left: left, max_size: size, expires_at: until } = invitation;
    fill(
      node,
      icon("ticket"),
      el(
        "div",
        {},
        el("p", {}, el("strong", { text: t("invitation.title") })),
        el("p", {
          text: `${plural("invitation.files", left)} ${t("invitation.terms", { size: bytes(size), date: date(until) })}`,
        }),
      ),
    );
  });
  return node;
}
