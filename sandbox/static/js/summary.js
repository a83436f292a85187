// What a message is, in words: its kind, one line for lists and quotes, the sentence of a service message.

const KINDS = [
  "photo",
  "animation",
  "video",
  "video_note",
  "voice",
  "audio",
  "document",
  "sticker",
  "contact",
  "venue",
  "location",
  "dice",
];

/** Which kind of media a message carries, or null. An animation also sets `document`, so order matters. */
export const kindOf = (message) =>
  KINDS.find((kind) => message[kind] && (kind !== "photo" || message.photo.length)) || null;

export const isVisual = (message) => ["photo", "video", "animation"].includes(kindOf(message));

const LABELS = {
  photo: "Photo",
  animation: "GIF",
  video: "Video",
  video_note: "Video message",
  voice: "Voice message",
  audio: "Audio",
  document: "File",
  sticker: "Sticker",
  contact: "Contact",
  venue: "Place",
  location: "Location",
  dice: "Dice",
};

/** One line for chat lists and quotes. */
export function summary(message) {
  const text = message.text ?? message.caption;
  const kind = kindOf(message);
  if (text) return text.replace(/\s+/g, " ");
  if (!kind) return service(message) || "Message";
  const name = kind === "document" || kind === "audio" ? message[kind].file_name : null;
  return (
    name || (kind === "sticker" && message.sticker.emoji ? `${message.sticker.emoji} Sticker` : LABELS[kind])
  );
}

/** The sentence of a service message, or null when it is not one. */
export function service(message) {
  const who = message.from?.first_name || "Someone";
  const names = (people) => people.map((person) => person.first_name).join(", ");
  if (message.new_chat_members) return `${names(message.new_chat_members)} joined`;
  if (message.left_chat_member) return `${message.left_chat_member.first_name} left`;
  if (message.new_chat_title) return `${who} renamed the chat to “${message.new_chat_title}”`;
  if (message.pinned_message) return `${who} pinned a message`;
  if (message.group_chat_created || message.supergroup_chat_created) return "The group was created";
  if (message.channel_chat_created) return "The channel was created";
  if (message.chat_shared) return `${who} shared a chat`;
  if (message.users_shared) return `${who} shared people`;
  if (message.delete_chat_photo) return `${who} removed the chat's photo`;
  if (message.new_chat_photo) return `${who} changed the chat's photo`;
  if (message.forum_topic_created) return `Topic “${message.forum_topic_created.name}” was opened`;
  if (message.forum_topic_edited) return `The topic is now “${message.forum_topic_edited.name}”`;
  if (message.forum_topic_closed) return `${who} closed the topic`;
  if (message.forum_topic_reopened) return `${who} opened the topic again`;
  if (message.web_app_data) return `${who} sent data from “${message.web_app_data.button_text}”`;
  if (message.write_access_allowed) return `${who} allowed the bot to write`;
  if (message.message_auto_delete_timer_changed) return `${who} changed how long messages stay`;
  if (message.video_chat_started) return "A video chat began";
  if (message.video_chat_ended) return "The video chat ended";
  if (message.migrate_from_chat_id) return "The group became a supergroup";
  if (message.migrate_to_chat_id) return "The group became a supergroup";
  return null;
}
