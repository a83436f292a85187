// Telegram's voice messages are Opus in Ogg; Chromium records Opus in WebM. The packets are the same,
// so they are only put into the other container (RFC 3533, RFC 7845), nothing is encoded again.

const IDS = { SEGMENT: 0x18538067, TRACKS: 0x1654ae6b, TRACK: 0xae, CLUSTER: 0x1f43b675, GROUP: 0xa0 };
const CODEC_PRIVATE = 0x63a2;
const BLOCKS = [0xa3, 0xa1];
const INSIDE = new Set(Object.values(IDS));
const SERIAL = 1;

/** The recording as Ogg; as it came where it is no WebM with Opus. */
export async function asOgg(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const found = { head: null, packets: [] };
  try {
    walk(bytes, 0, bytes.length, found);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return blob; // ends in the middle of an element
  }
  const opus = found.head && String.fromCharCode(...found.head.subarray(0, 8)) === "OpusHead";
  return opus && found.packets.length ? new Blob(pages(found), { type: "audio/ogg" }) : blob;
}

/** A number of EBML's variable length. With `whole`, its length marker stays in, as in ids. */
function number(bytes, at, whole = false) {
  const first = bytes[at];
  const length = Math.clz32(first) - 23;
  if (length > 8 || at + length > bytes.length) throw new RangeError("no EBML number");
  let value = whole ? first : first & (0xff >> length);
  let unknown = !whole && value === 0xff >> length;
  for (let index = 1; index < length; index += 1) {
    value = value * 256 + bytes[at + index];
    unknown &&= bytes[at + index] === 0xff;
  }
  return { value: unknown ? Infinity : value, next: at + length };
}

function walk(bytes, from, until, found) {
  let at = from;
  while (at < until) {
    const id = number(bytes, at, true);
    const size = number(bytes, id.next);
    // A recorder does not know how long segments and clusters will be: their children follow.
    const end = Math.min(until, size.next + size.value);
    if (INSIDE.has(id.value)) walk(bytes, size.next, end, found);
    else if (id.value === CODEC_PRIVATE) found.head = bytes.subarray(size.next, end);
    // A block begins with its track, two bytes of time and one of flags.
    else if (BLOCKS.includes(id.value))
      found.packets.push(bytes.subarray(number(bytes, size.next).next + 3, end));
    at = end;
  }
}

/** Length of a packet in samples at 48 kHz, from its first byte (RFC 6716, 3.1). */
function samples(packet) {
  const config = packet[0] >> 3;
  const frame =
    config < 12
      ? [480, 960, 1920, 2880][config % 4]
      : config < 16
        ? [480, 960][config % 2]
        : [120, 240, 480, 960][config % 4];
  const count = [1, 2, 2, packet[1] & 63][packet[0] & 3];
  return frame * count;
}

function pages({ head, packets }) {
  const tags = new TextEncoder().encode("OpusTags\x04\0\0\0chat\0\0\0\0");
  const made = [page(head, 0, 0, 2), page(tags, 0, 1, 0)];
  let position = 0;
  packets.forEach((packet, index) => {
    position += samples(packet);
    made.push(page(packet, position, index + 2, index === packets.length - 1 ? 4 : 0));
  });
  return made;
}

function page(packet, position, sequence, flags) {
  const lacing = [...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255];
  const bytes = new Uint8Array(27 + lacing.length + packet.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("OggS"));
  bytes[5] = flags;
  view.setBigUint64(6, BigInt(position), true);
  view.setUint32(14, SERIAL, true);
  view.setUint32(18, sequence, true);
  bytes[26] = lacing.length;
  bytes.set(lacing, 27);
  bytes.set(packet, 27 + lacing.length);
  view.setUint32(22, checksum(bytes), true);
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

const checksum = (bytes) =>
  bytes.reduce((sum, byte) => ((sum << 8) ^ TABLE[((sum >>> 24) ^ byte) & 0xff]) >>> 0, 0);
