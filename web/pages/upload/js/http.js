// One way to call the API: every failure becomes a Refusal, whether the server refused or nobody answered.

import { headers } from "./access.js";

/** Where the API is, also behind a proxy that serves it under a path of its own. */
export const API = new URL("api/v1/", document.baseURI).href;

const PATIENCE = 30000;

/**
 * Why something did not work. `status` 0: no answer came. `code` is the problem's (RFC 9457), `fields` its members,
 * `retryAfter` the seconds the server asked for, or null.
 */
export class Refusal extends Error {
  constructor(status, code, fields = {}, retryAfter = null) {
    super(`${status} ${code}`);
    Object.assign(this, { status, code, fields, retryAfter });
  }

  static network(code = "network") {
    return new Refusal(0, code);
  }

  /** From what a server answered; a body that is no problem (a proxy's page, HEAD's nothing) leaves the status. */
  static from(status, body, retryAfter) {
    const seconds = Number(retryAfter);
    let fields = {};
    try {
      fields = JSON.parse(body) ?? {};
    } catch {
      // Not JSON: the status has to do.
    }
    return new Refusal(
      status,
      fields.code ?? `status_${status}`,
      fields,
      retryAfter && seconds >= 0 ? seconds : null,
    );
  }
}

/** Call the API; the answer of a status below 400. Throws a Refusal, or AbortError when `signal` says so. */
export async function call(method, path, { extra = {}, signal, patience = PATIENCE } = {}) {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), patience);
  const stop = () => ends.abort();
  signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(API + path, {
      method,
      headers: { ...headers(), ...extra },
      signal: ends.signal,
      cache: "no-store",
      credentials: "omit",
    });
    if (response.status >= 400) {
      throw Refusal.from(response.status, await response.text(), response.headers.get("Retry-After"));
    }
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof Refusal ? error : Refusal.network();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

export const json = async (method, path, options) => (await call(method, path, options)).json();
