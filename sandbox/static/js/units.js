// From messages to what is drawn: date lines, single messages, albums, runs of one sender.

import { sameDay } from "./format.js";
import { service, kindOf } from "./summary.js";

const RUN_SECONDS = 300;

/** Units in order: {key, day} or {key, messages, first, last}. */
export function toUnits(messages) {
  const units = [];
  for (const message of messages) {
    const before = units.at(-1);
    if (
      before?.messages &&
      message.media_group_id &&
      before.messages[0].media_group_id === message.media_group_id
    ) {
      before.messages.push(message);
      continue;
    }
    if (!before || !sameDay(before.messages[0].date, message.date))
      units.push({ key: `d${message.message_id}`, day: message.date });
    units.push({ key: `m${message.message_id}`, messages: [message], first: true, last: true });
  }
  units.forEach((unit, at) => markRun(unit, units[at - 1]));
  return units;
}

function markRun(unit, before) {
  if (!unit.messages || !before?.messages) return;
  const [one, two] = [before.messages[0], unit.messages[0]];
  const plain = [one, two].every((message) => kindOf(message) || !service(message));
  if (!plain || sender(one) !== sender(two) || two.date - one.date > RUN_SECONDS) return;
  unit.first = false;
  before.last = false;
}

const sender = (message) => message.sender_chat?.id ?? message.from?.id;

/** Everything the look of a unit depends on; equal text means the old element can stay. */
export const fingerprint = (unit) => JSON.stringify(unit);

/** Does a unit contain the words one searches for? */
export function matches(unit, words) {
  if (!unit.messages) return false;
  return unit.messages.some((message) => {
    const files = ["document", "audio", "video"].map((kind) => message[kind] || {});
    const names = files.flatMap((file) => [file.file_name, file.title, file.performer]);
    return [message.text, message.caption, ...names].join("\n").toLowerCase().includes(words);
  });
}
