// What a file is for Telegram, and how large its picture is.

const PHOTO = ["image/jpeg", "image/png", "image/webp"];
const PHOTO_MAX = 10 * 1024 ** 2; // Telegram's own limit; larger pictures go as files

function kindOf(file, asFiles) {
  if (asFiles) return "document";
  if (PHOTO.includes(file.type) && file.size <= PHOTO_MAX) return "photo";
  if (file.type === "image/gif") return "animation";
  if (file.type.startsWith("video/")) return "video";
  if (file.type.startsWith("audio/")) return "audio";
  return "document";
}

/** {file, media}: the file with its entry for the control API. */
export async function describe(file, asFiles) {
  const kind = kindOf(file, asFiles);
  const media = { kind, file_name: file.name, ...(file.type ? { mime_type: file.type } : {}) };
  if (kind === "photo" || kind === "animation") Object.assign(media, await pictureSize(file));
  if (kind === "video" || kind === "audio") Object.assign(media, await filmSize(file, kind));
  return { file, media };
}

async function pictureSize(file) {
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return {}; // not a picture after all; the sandbox says what it thinks of it
  }
}

function filmSize(file, tag) {
  const url = URL.createObjectURL(file);
  const node = document.createElement(tag);
  return new Promise((resolve) => {
    const finish = (fields) => {
      URL.revokeObjectURL(url);
      resolve(fields);
    };
    node.onloadedmetadata = () => {
      const seconds = Number.isFinite(node.duration) ? Math.round(node.duration) : 0;
      finish(
        tag === "video"
          ? { width: node.videoWidth, height: node.videoHeight, duration: seconds }
          : { duration: seconds },
      );
    };
    node.onerror = () => finish({});
    setTimeout(() => finish({}), 4000);
    node.preload = "metadata";
    node.src = url;
  });
}

const CLASS = { photo: "visual", video: "visual", audio: "audio", document: "document", animation: "alone" };

/** Albums as Telegram allows them: pictures and films mix, everything else stays with its kind, ten at most. */
export function groups(described) {
  const batches = [];
  for (const one of described) {
    const kind = CLASS[one.media.kind];
    const last = batches.at(-1);
    if (last && kind !== "alone" && CLASS[last[0].media.kind] === kind && last.length < 10) last.push(one);
    else batches.push([one]);
  }
  return batches;
}
