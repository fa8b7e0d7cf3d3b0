/** The server: where it is, and calls of its JSON API. */

/** The public path prefix, such as "/moorage", or "". */
export const base = document.querySelector('meta[name="moorage-base"]')?.content ?? "";

export const url = (path) => base + path;

/** An RFC 9457 problem document, or what went wrong on the way to the server. */
export class Problem extends Error {
  constructor({ status = 0, title = "", detail = "", advice = "", ...more } = {}) {
    super(detail || title || `The server answered ${status}.`);
    Object.assign(this, { status, advice, more });
  }
}

async function problemOf(response) {
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const document = isJson ? await response.json().catch(() => ({})) : {};
  return new Problem({ ...document, status: response.status });
}

/** Where to sign in and come back from. */
export function signIn() {
  const here = location.pathname.slice(base.length) + location.search;
  location.assign(url(`/sign-in?next=${encodeURIComponent(here)}`));
}

/**
 * Call the API. `body` goes as JSON; the answer is parsed JSON, or null where there is none.
 * Throws Problem; an aborted call throws AbortError. Without a session it leads to the sign-in page.
 */
export async function call(method, path, { body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url(path), { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: "The server did not answer. Nothing is known to have changed.", advice: "Look at the network, then try again." });
  }
  if (response.status === 401) signIn();
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : await response.json().catch(() => null);
}

/** `"/jobs/{job}"` with the fields of an answer filled in. */
export const fill = (template, answer) =>
  template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? ""));
