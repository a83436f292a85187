// Who uploads: an invitation from the page's address, or a key. A key stays in this tab, unless the person wants it
// remembered on the device.

const SLOT = "mediagate.key";
const INVITATION_HEADER = "X-Upload-Token";

let access = null;

/** Look at the address, then at what was kept. Null: the person has to be asked. */
export function find() {
  const token = fromAddress();
  if (token) access = { kind: "invitation", secret: token };
  else {
    const key = read(sessionStorage) ?? read(localStorage);
    access = key ? { kind: "key", secret: key } : null;
  }
  return access;
}

export const current = () => access;
export const isInvited = () => access?.kind === "invitation";

export function useKey(secret, remembered) {
  access = { kind: "key", secret };
  forget();
  write(remembered ? localStorage : sessionStorage, secret);
}

/** Leave: the key is gone from this device, the invitation from the address. */
export function leave() {
  access = null;
  forget();
  history.replaceState(null, "", location.pathname);
}

export function headers() {
  if (!access) return {};
  if (access.kind === "invitation") return { [INVITATION_HEADER]: access.secret };
  return isToken(access.secret)
    ? { Authorization: `Bearer ${access.secret}` }
    : { "X-API-Key": access.secret };
}

/** A short mark of the credentials, to keep apart what different people left on one device. Tells nothing of them. */
export function mark() {
  let hash = 0x811c9dc5;
  for (const unit of access?.secret ?? "") hash = Math.imul(hash ^ unit.codePointAt(0), 0x01000193) >>> 0;
  return hash.toString(16);
}

/**
 * The token of `#TOKEN`, `#invite=TOKEN` or `?invite=TOKEN`. It stays in the fragment, which no server sees, so that
 * a reload or the history finds it; a query is rewritten to one.
 */
function fromAddress() {
  const query = new URLSearchParams(location.search).get("invite");
  const fragment = decodeURIComponent(location.hash.slice(1)).replace(/^invite=/, "");
  const token = query || (/^[\w.~-]{8,200}$/.test(fragment) ? fragment : null);
  if (query) history.replaceState(null, "", `${location.pathname}#${encodeURIComponent(token)}`);
  return token;
}

const isToken = (secret) => /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(secret);

// A browser that keeps nothing (private windows, blocked storage) throws; the key then lives as long as the page.
function read(storage) {
  try {
    return storage.getItem(SLOT);
  } catch {
    return null;
  }
}

function write(storage, value) {
  try {
    storage.setItem(SLOT, value);
  } catch {
    // See above.
  }
}

function forget() {
  for (const storage of [sessionStorage, localStorage]) {
    try {
      storage.removeItem(SLOT);
    } catch {
      // See above.
    }
  }
}
