/**
 * Files on their way to folders: one queue for all pages of this tab, a few requests at a time.
 *
 * It outlives the pages, which htmx swaps. Whoever closes the tab or loads another site is asked first by the browser.
 */
import { Problem, url } from "./server.js";

/** Bytes that one request may carry: 5 GiB. */
export const LARGEST = 5 * 2 ** 30;
const AT_ONCE = 3;
const LOST = { title: "The connection to the server was lost.", advice: "Nothing half sent is kept. Try again once the server answers." };
const UNREADABLE = { title: "This file can no longer be read: it was changed, moved or removed.", advice: "Choose it again." };
const SIGNED_OUT = { title: "You were signed out.", advice: "Sign in in another tab, then try again." };
const TOO_LARGE = { title: "A server on the way refuses files of this size.", advice: "Ask the admin to let larger requests through." };

/** One file for one folder. `state`: waiting, sending, done, failed or cancelled. */
class Sending {
  state = "waiting";
  /** Bytes that have left. */
  gone = 0;
  problem = null;
  /** The item that the server made of it. */
  item = null;

  constructor(folder, file, ifExists) {
    Object.assign(this, { folder, file, ifExists, name: file.name, size: file.size });
  }

  get open() { return this.state === "waiting" || this.state === "sending"; }
}

class Queue extends EventTarget {
  all = [];
  #requests = new Map();

  constructor() {
    super();
    window.addEventListener("beforeunload", (event) => { if (this.open) event.preventDefault(); });
  }

  /** How many are waiting or under way. */
  get open() { return this.all.filter((one) => one.open).length; }

  /** Send files to a folder `{id, name}`; `ifExists(name)` says what to do where the name is taken. */
  add(folder, files, ifExists = () => "refuse") {
    this.all.push(...files.map((file) => new Sending(folder, file, ifExists(file.name))));
    this.#changed();
    this.#next();
  }

  /** List a file that cannot be sent at all, with the reason. */
  refuse(folder, file, problem) {
    const one = Object.assign(new Sending(folder, file, "refuse"), { state: "failed", problem: new Problem(problem), file: null });
    this.all.push(one);
    this.#changed(one);
  }

  again(one, ifExists = one.ifExists) {
    Object.assign(one, { state: "waiting", gone: 0, problem: null, ifExists });
    this.#changed();
    this.#next();
  }

  cancel(one) {
    if (!one.open) return;
    Object.assign(one, { state: "cancelled", file: null });
    this.#requests.get(one)?.abort();
    this.#requests.delete(one);
    this.#changed(one);
    this.#next();
  }

  /** Those that wait first, so that none of them takes a place that comes free. */
  cancelAll() {
    for (const state of ["waiting", "sending"]) for (const one of this.all.filter((file) => file.state === state)) this.cancel(one);
  }

  /** Forget what has ended. */
  clear() {
    this.all = this.all.filter(({ open }) => open);
    this.#changed();
  }

  /** Something is otherwise; `one` has begun or ended. */
  #changed(one = null) { this.dispatchEvent(new CustomEvent("change", { detail: one })); }

  #next() {
    for (const one of this.all) {
      if (this.#requests.size >= AT_ONCE) return;
      if (one.state === "waiting") this.#send(one);
    }
  }

  #send(one) {
    const request = new XMLHttpRequest();
    this.#requests.set(one, request);
    one.state = "sending";
    const query = new URLSearchParams({ name: one.name, if_exists: one.ifExists });
    request.open("PUT", url(`/api/v1/folders/${one.folder.id}/items?${query}`));
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded }) => { one.gone = Math.min(loaded, one.size); this.dispatchEvent(new Event("progress")); });
    request.addEventListener("load", () => this.#answered(one, request));
    request.addEventListener("error", () => this.#lost(one));
    request.send(one.file);
    this.#changed(one);
  }

  #answered(one, { status, response }) {
    if (status < 300) return this.#end(one, { state: "done", gone: one.size, item: response, file: null });
    const known = response?.detail ? response : { 401: SIGNED_OUT, 413: TOO_LARGE }[status] ?? response ?? {};
    return this.#end(one, { state: "failed", problem: new Problem({ ...known, status }) });
  }

  async #lost(one) {
    const readable = await one.file.slice(0, 1).arrayBuffer().then(() => true, () => false);
    this.#end(one, { state: "failed", problem: new Problem(readable ? LOST : UNREADABLE), file: readable ? one.file : null });
  }

  #end(one, how) {
    if (one.state !== "sending") return;
    this.#requests.delete(one);
    Object.assign(one, how);
    this.#changed(one);
    this.#next();
  }
}

export const queue = new Queue();
