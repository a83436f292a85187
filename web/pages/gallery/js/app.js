// Puts the page together: the head, the pictures, the papers, what happened.

import { el, fill } from "../../../upload/static/js/dom.js";
import * as words from "../../../upload/static/js/words.js";
import { Closed, load } from "./content.js";
import { summary, top } from "./head.js";
import { inOrder, sections } from "./sections.js";
import { timeline } from "./timeline.js";
import { Viewer } from "./viewer.js";

const head = document.getElementById("top");
const main = document.getElementById("main");

const [content] = await Promise.all([found(), words.begin(new URL("../words/", import.meta.url))]);
if (content instanceof Closed) words.follow(() => sayClosed(content.reason));
else show(content);

async function found() {
  try {
    return await load();
  } catch (problem) {
    if (problem instanceof Closed) return problem;
    throw problem;
  }
}

function show(request) {
  const viewer = new Viewer(inOrder(request.files));
  document.body.append(viewer.node);
  words.follow(() => {
    top(head, request.request_number);
    fill(
      main,
      summary(request),
      ...sections(request.files, (file) => viewer.open(file)),
      timeline(request.timeline),
    );
  });
}

function sayClosed(reason) {
  top(head, null);
  const again = el("button", {
    class: "button",
    type: "button",
    text: words.t("closed.again"),
    on: { click: () => location.reload() },
  });
  fill(
    main,
    el(
      "section",
      { class: "card closed" },
      el("h2", { text: words.t(`closed.${reason}`) }),
      el("p", { class: "soft", text: words.t(`closed.${reason}_hint`) }),
      reason === "offline" ? again : null,
    ),
  );
}
