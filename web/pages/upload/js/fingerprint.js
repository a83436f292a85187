// Whether a file picked again is the one that was begun. Its name and date do not say it: phones give a picture from
// the gallery another name and date each time. So runs spread over the whole file are hashed too.

const RUNS = 16;
const RUN = 16 * 1024;

/** A text that is the same for the same bytes, and practically never for others of one size. */
export async function fingerprint(file) {
  const state = [0xdeadbeef ^ RUNS, 0x41c6ce57 ^ RUN];
  const step = Math.max(RUN, Math.floor((file.size - RUN) / (RUNS - 1)));
  for (let start = 0; start < file.size; start += step) {
    mix(state, new Uint8Array(await file.slice(start, start + RUN).arrayBuffer()));
  }
  return `${file.size}-${state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")}`;
}

/** cyrb53's two lanes of multiplication; not for secrets, and free of crypto.subtle, which plain http lacks. */
function mix(state, bytes) {
  let [a, b] = state;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
    a ^= b >>> 15;
  }
  state[0] = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  state[1] = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
}
