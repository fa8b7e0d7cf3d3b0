/**
 * <m-live>: news of jobs, over one EventSource for all tabs of the browser.
 *
 * The tab that holds the lock "moorage-live" listens to the server and passes each message on over a BroadcastChannel; when
 * it closes, the next one in the queue takes over. Each tab hands the news to its elements with `data-job`, and tells it to
 * others by the event `m-job` of the document.
 */
import { call, url } from "./server.js";

const NAME = "moorage-live";
const FINAL = ["succeeded", "partial", "failed", "cancelled"];
/** Twice what the server lets pass between two looks: a job may begin and end in between. */
const LATER_MS = 2000;

class Live extends HTMLElement {
  #channel = null;
  #source = null;
  #leave = null;
  #open = new Set();
  #later = 0;

  connectedCallback() {
    this.#channel = new BroadcastChannel(NAME + url("/"));
    this.#channel.addEventListener("message", ({ data }) => this.#hear(data));
    this.#leave = new AbortController();
    this.#lead(this.#leave.signal);
    this.#catchUp();
    this.#later = setTimeout(() => this.#catchUp(), LATER_MS);
  }

  disconnectedCallback() {
    clearTimeout(this.#later);
    this.#leave.abort();
    this.#source?.close();
    this.#channel.close();
  }

  /** Wait for the lock, then hold it for as long as this element is there. */
  async #lead(signal) {
    if (!navigator.locks) return this.#listen();
    const held = () => new Promise((resolve) => {
      if (signal.aborted) return resolve(); // left while the lock was on its way: who waits behind it may have it
      this.#listen();
      return signal.addEventListener("abort", resolve, { once: true });
    });
    await navigator.locks.request(NAME + url("/"), { signal }, held).catch((error) => { if (error.name !== "AbortError") throw error; });
    return undefined;
  }

  #listen() {
    this.#source = new EventSource(url("/api/v1/jobs/events"));
    this.#source.addEventListener("open", () => {
      this.#open.clear();
      clearTimeout(this.#later);
      this.#later = setTimeout(() => this.#catchUp(), LATER_MS);
    });
    this.#source.addEventListener("message", ({ data }) => {
      const job = JSON.parse(data);
      if (FINAL.includes(job.state)) this.#open.delete(job.id); else this.#open.add(job.id);
      const news = { job, open: this.#open.size };
      this.#channel.postMessage(news);
      this.#hear(news);
    });
  }

  #hear({ job, open }) {
    for (const element of document.querySelectorAll(`[data-job="${CSS.escape(job.id)}"]`)) element.update?.(job);
    document.dispatchEvent(new CustomEvent("m-job", { detail: job }));
    const badge = document.getElementById("open-jobs");
    if (!badge || open === undefined) return;
    badge.hidden = open === 0;
    badge.firstChild.textContent = open;
  }

  /** What happened between the making of this page and the first look of the stream. */
  async #catchUp() {
    for (const element of document.querySelectorAll("[data-job]")) {
      const [state] = (element.dataset.mark ?? "").split("|");
      if (FINAL.includes(state)) continue;
      const job = await call("GET", `/api/v1/jobs/${element.dataset.job}`).catch(() => null);
      if (job && this.isConnected) element.update?.(job);
    }
  }
}

customElements.define("m-live", Live);
