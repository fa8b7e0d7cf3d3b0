/**
 * <m-job data-job data-mark data-unit data-from>: a job's card, kept current by m-live.
 *
 * Figures are written in place. When anything else changes (state, question, errors), the card is fetched anew from the page
 * `data-from` (default: this page), so that there is one way of drawing it.
 */
import { bytes, number } from "./facts.js";

const AGAIN_MS = 3000;
/** Counts of a whole subtree are at most 5 s old. */
const COUNTED_MS = 6000;
const ENDED = ["succeeded", "partial", "failed", "cancelled"];

const markOf = (job) => [job.state, job.question?.text ?? "", job.errors.reduce((sum, cause) => sum + cause.count, 0),
  Number(job.cancel_asked), Number(job.pause_asked), Number(job.no_worker)].join("|");

function lineOf(job) {
  const parts = [`${number(job.done)}${job.total === null ? "" : ` of ${number(job.total)}`} ${job.unit}`];
  if (job.state === "running" && job.rate >= 0.5) parts.push(`${number(Math.round(job.rate))} per second`);
  if (job.bytes) parts.push(bytes(job.bytes));
  if (job.state === "running" && job.total && job.rate > 0 && job.done < job.total) parts.push(left((job.total - job.done) / job.rate));
  return parts.join(" · ");
}

function left(seconds) {
  if (seconds < 60) return "under a minute left";
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

/** Other parts of this page that a job changes: elements with an id and data-fresh. */
function freshen(page) {
  for (const part of document.querySelectorAll("[data-fresh][id]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    const copy = document.importNode(fresh, true);
    part.replaceWith(copy);
    window.htmx?.process(copy);
  }
}

/** What the page at `from` looks like now, or null. */
async function fetched(from) {
  const answer = await fetch(from, { headers: { Accept: "text/html" } }).catch(() => null);
  return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** Once the counts of the subtree are folded, show them too, if the reader is still here. */
function freshenLater(from) {
  setTimeout(async () => {
    if (here() !== from) return;
    const page = await fetched(from);
    if (page && here() === from) freshen(page);
    document.querySelector("m-grid")?.refresh({ soon: true });
  }, COUNTED_MS);
}

const here = () => location.pathname + location.search;

class Job extends HTMLElement {
  #timer = 0;
  #fetched = 0;

  disconnectedCallback() { clearTimeout(this.#timer); }

  update(job) {
    const line = this.querySelector("[data-line]");
    if (line) line.textContent = lineOf(job);
    const bar = this.querySelector("progress");
    if (bar && job.total) { bar.max = job.total; bar.value = Math.min(job.done, job.total); }
    const state = this.dataset.mark.split("|")[0];
    document.querySelector("m-grid")?.refresh({ soon: state !== job.state });
    if (markOf(job) === this.dataset.mark || this.#timer) return;
    const wait = state === job.state ? Math.max(0, this.#fetched + AGAIN_MS - performance.now()) : 0;
    this.#timer = setTimeout(() => this.#renew(ENDED.includes(job.state)), wait);
  }

  async #renew(ended) {
    this.#fetched = performance.now();
    this.#timer = 0;
    const from = this.dataset.from ?? here();
    const page = await fetched(from);
    if (!page || !this.isConnected) return;
    if (!this.dataset.from) {
      freshen(page);
      if (ended) freshenLater(from);
    }
    const fresh = page.querySelector(`m-job[data-job="${CSS.escape(this.dataset.job)}"]`);
    if (!fresh) { if (ended) this.remove(); return; }
    const focused = this.contains(document.activeElement) ? document.activeElement.id : "";
    const card = document.importNode(fresh, true);
    this.replaceWith(card);
    window.htmx?.process(card);
    if (focused) (document.getElementById(focused) ?? card.querySelector("button, a"))?.focus();
  }
}

customElements.define("m-job", Job);
