// Puts the page together: who uploads, then what, then the list.

import * as access from "./access.js";
import { detailsForm } from "./details.js";
import { announce, fill } from "./dom.js";
import { entrance, unreachable } from "./entrance.js";
import { explain } from "./failures.js";
import { header, invitationCard } from "./header.js";
import { Refusal, json } from "./http.js";
import { Leftovers } from "./leftover.js";
import { FileList } from "./list.js";
import { picker } from "./picking.js";
import { Queue } from "./queue.js";
import * as words from "./words.js";

const main = document.getElementById("main");
let isBusy = () => false;

await words.begin();
const drawHeader = header(document.getElementById("top"), () => {
  access.leave();
  location.reload();
});
if (access.find()) await enter();
else askForKey();

window.addEventListener("hashchange", () => location.reload()); // another invitation
window.addEventListener("beforeunload", (event) => isBusy() && event.preventDefault());

/** Look whether the credentials hold, and show the page or the entrance. */
async function enter() {
  try {
    if (access.isInvited()) {
      const invitation = await json("GET", "uploads/invitation");
      work({ invitation, largest: invitation.max_size });
    } else {
      const { max_file_size: largest } = await json("GET", "streaming/upload/limits");
      work({ invitation: null, largest });
    }
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    if (problem.status === 0 || problem.status >= 500) show(unreachable(enter));
    else refuse(problem);
  }
}

/** An invitation or a key that does not open the page. */
function refuse(problem) {
  const wasInvited = access.isInvited();
  access.leave();
  const isUnknown = wasInvited && problem.code === "unauthenticated";
  askForKey(() => (isUnknown ? words.t("error.invitation_unknown") : explain(problem)));
}

function askForKey(reason = () => null) {
  const onKey = (key, remembered) => {
    access.useKey(key, remembered);
    enter();
  };
  drawHeader();
  show(entrance(onKey, reason));
  document.getElementById("key").focus();
}

function work({ invitation, largest }) {
  const details = detailsForm(invitation);
  const queue = new Queue((transfer) => list.changed(transfer));
  const list = new FileList(queue, actions(queue, details), document.getElementById("bar"));
  const leftovers = new Leftovers((file, entry) => begin(queue.add(file, entry)));
  const begin = (transfer) => (list.changed(), queue.start(transfer));
  const card = invitation && invitationCard(invitation);
  const onFiles = async (files) => {
    for (const file of files) await take(file, { queue, leftovers, largest, begin });
    announce(words.plural("told.added", files.length));
    list.draw();
    list.show();
  };
  drawHeader();
  show(card, details.node, picker(onFiles), leftovers.node, list.node);
  main.classList.add("working");
  isBusy = () => queue.transfers.some(({ isActive }) => isActive);
  leftovers.load();
}

/** Put a file on the list: again where it was begun before, refused where it cannot go. */
async function take(file, { queue, leftovers, largest, begin }) {
  const isSame = (one) =>
    one.name === file.name && one.size === file.size && one.lastModified === file.lastModified;
  if (queue.transfers.some((transfer) => isSame(transfer.file) && !transfer.isOver)) return;
  const entry = await leftovers.take(file);
  const transfer = queue.add(file, entry);
  if (entry) begin(transfer);
  else if (!file.size) transfer.refuse(new Refusal(0, "empty_file"));
  else if (file.size > largest) transfer.refuse(new Refusal(0, "file_too_large", { limit: largest }));
}

function actions(queue, details) {
  const start = (transfer) => {
    if (!transfer.id) transfer.details = details.read(transfer.file.type);
    queue.start(transfer);
  };
  const startSeveral = (transfers) => {
    if (details.check()) transfers.forEach(start);
  };
  return {
    start: (transfer) => startSeveral([transfer]),
    startAll: () => startSeveral(queue.of("ready")),
    resumeAll: () => startSeveral(queue.of("paused")),
    pauseAll: () => queue.of("waiting", "sending", "retrying").forEach((transfer) => queue.pause(transfer)),
    pause: (transfer) => queue.pause(transfer),
    remove: (transfer) => queue.remove(transfer),
  };
}

function show(...nodes) {
  main.classList.remove("working");
  fill(main, ...nodes);
}
