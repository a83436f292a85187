// How long to wait before the next try, and what ends the wait early.

const FIRST = 600;
const LONGEST = 30000;

const nudges = new EventTarget();

/** Wake everything that waits: the network is back, or somebody looks at the page again. */
export const nudge = () => nudges.dispatchEvent(new Event("nudge"));

window.addEventListener("online", nudge);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && nudge());

/** Milliseconds before try number `tries` (from 1): doubled each time, with jitter so that clients do not come together. */
export function delay(tries, retryAfter = null) {
  const grown = Math.min(LONGEST, FIRST * 2 ** Math.min(tries - 1, 10));
  const jittered = grown * (0.5 + Math.random() / 2);
  return retryAfter === null ? jittered : Math.max(jittered, Math.min(retryAfter, 600) * 1000);
}

/** Sleep, at most until the next nudge. Rejects with the signal's reason. */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = (finish, value) => {
      clearTimeout(timer);
      nudges.removeEventListener("nudge", wake);
      signal.removeEventListener("abort", stop);
      finish(value);
    };
    const wake = () => end(resolve);
    const stop = () => end(reject, signal.reason);
    const timer = setTimeout(wake, milliseconds);
    nudges.addEventListener("nudge", wake);
    signal.addEventListener("abort", stop);
  });
}
