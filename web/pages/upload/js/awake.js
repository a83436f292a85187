// Keeps the screen on while something runs: a phone that sleeps cuts its connections. Where the browser has no
// Wake Lock, or refuses (a low battery), things go on without.

let wanted = false;
let lock = null;

export function keepAwake(needed) {
  wanted = needed;
  if (needed) acquire();
  else release();
}

async function acquire() {
  if (lock || !wanted || document.visibilityState !== "visible") return;
  try {
    const got = await navigator.wakeLock?.request("screen");
    if (!got) return;
    lock = got;
    lock.addEventListener("release", () => (lock = null));
    if (!wanted) release();
  } catch {
    // Refused: see above.
  }
}

function release() {
  lock?.release().catch(() => {});
  lock = null;
}

// The browser takes the lock away with the page; it is wanted again when the page is back.
document.addEventListener("visibilitychange", acquire);
