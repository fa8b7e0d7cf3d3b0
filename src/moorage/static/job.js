/**
 * <m-job data-job data-mark data-unit data-part data-from>: a job's card, line or question, kept current by m-live.
 *
 * Figures are written in place. When anything else changes (state, question, errors), it is fetched anew from the page
 * `data-from` (default: this page), so that there is one way of drawing it. data-part: which of several a page has of one job.
 *
 * <m-jobs subject>: the place for the jobs of a mirror, for those too that begin while the page is shown.
 */
import { bytes, number } from "./facts.js";
import { fetched, freshen, here, recount } from "./fresh.js";

const AGAIN_MS = 3000;
const COUNT_MS = 5000;
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

const select = (job, part) => `m-job[data-job="${CSS.escape(job)}"]${part ? `[data-part="${part}"]` : ":not([data-part])"}`;

/** Put all that a job changes on this page in its place; the page that was fetched, or null. */
async function renewed(from, { ended }) {
  const page = await fetched(from);
  if (!page || here() !== from) return null;
  freshen(page);
  document.querySelector("m-grid")?.refresh({ soon: true });
  if (ended) setTimeout(() => { if (here() === from) { recount({ again: false }); document.querySelector("m-grid")?.refresh({ soon: true }); } }, COUNT_MS + 1000);
  return page;
}

class Job extends HTMLElement {
  #timer = 0;
  #fetched = 0;
  #counted = performance.now();

  disconnectedCallback() { clearTimeout(this.#timer); }

  update(job) {
    const line = this.querySelector("[data-line]");
    if (line) line.textContent = lineOf(job);
    const bar = this.querySelector("progress");
    if (bar && job.total) { bar.max = job.total; bar.value = Math.min(job.done, job.total); }
    const state = this.dataset.mark.split("|")[0];
    document.querySelector("m-grid")?.refresh({ soon: state !== job.state });
    this.#count();
    if (markOf(job) === this.dataset.mark || this.#timer) return;
    const wait = state === job.state ? Math.max(0, this.#fetched + AGAIN_MS - performance.now()) : 0;
    this.#timer = setTimeout(() => this.#renew(ENDED.includes(job.state)), wait);
  }

  /** The counts of the folder that fills. */
  #count() {
    if (!document.getElementById("folder-counts") || performance.now() - this.#counted < COUNT_MS) return;
    this.#counted = performance.now();
    recount({ again: false });
  }

  async #renew(ended) {
    this.#fetched = performance.now();
    this.#timer = 0;
    const { from, job, part } = this.dataset;
    const page = from ? await fetched(from) : await renewed(here(), { ended });
    if (!page || !this.isConnected) return;
    const fresh = page.querySelector(select(job, part));
    if (!fresh) { if (ended) this.remove(); return; }
    const focused = this.contains(document.activeElement) ? document.activeElement.id : "";
    const card = document.importNode(fresh, true);
    this.replaceWith(card);
    window.htmx?.process(card);
    if (focused) (document.getElementById(focused) ?? card.querySelector("button, a"))?.focus();
  }
}

class Jobs extends HTMLElement {
  #asked = "";

  connectedCallback() { document.addEventListener("m-job", this.#hear); }
  disconnectedCallback() { document.removeEventListener("m-job", this.#hear); }

  #hear = async ({ detail: job }) => {
    const known = this.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
    const mark = `${job.id} ${job.state}`;
    if (job.kind !== "scan" || job.subject !== this.getAttribute("subject") || known || this.#asked === mark) return;
    this.#asked = mark;
    const page = await renewed(here(), { ended: ENDED.includes(job.state) });
    const fresh = page?.querySelector(select(job.id, "line"));
    if (!fresh || !this.isConnected || this.querySelector(select(job.id, "line"))) return;
    const line = document.importNode(fresh, true);
    this.append(line);
    window.htmx?.process(line);
  };
}

customElements.define("m-job", Job);
customElements.define("m-jobs", Jobs);
