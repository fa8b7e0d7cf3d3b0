/** The rows of a folder as one sequence, fetched in blocks where they are looked at: folders first, then items. */
import { call } from "./server.js";

const BLOCK = 200;
const KEPT = 60;
const STEPS = 50;

export class Sequence extends EventTarget {
  /** Rows in all; a guess while `known` is false. */
  total = 0;
  /** How many of them are folders. */
  folders = 0;
  /** Why the last block could not be fetched, or null. */
  problem = null;
  #blocks = new Map();
  #path;
  #query;
  #filtered;
  #known;

  /**
   * `query` holds sort, order, prefix and kind; `known` the numbers of `folders` and of rows in `total`, or null where a
   * filter leaves them open: the server counts whole folders only, so the end is then known once it is reached.
   */
  constructor(path, query, known) {
    super();
    this.#path = path;
    this.#query = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
    this.#filtered = known === null;
    this.#known = known !== null;
    this.total = known?.total ?? 0;
    this.folders = known?.folders ?? 0;
  }

  /** The row at an index; undefined until it was fetched. */
  get(index) { return this.#blocks.get(Math.floor(index / BLOCK))?.rows?.[index % BLOCK]; }

  /** Fetch what is missing of [first, last], and give up what is still on its way for other places. */
  want(first, last) {
    const from = Math.max(0, Math.floor(first / BLOCK));
    const to = Math.max(from, Math.floor(Math.min(last, Math.max(0, this.total - 1)) / BLOCK));
    for (const [index, block] of this.#blocks) {
      const far = index < from - 1 || index > to + 1;
      if (block.abort && far) { block.abort.abort(); this.#blocks.delete(index); }
      else if (far && this.#known && this.#blocks.size > KEPT) this.#blocks.delete(index);
    }
    for (let index = from; index <= to; index += 1) {
      const block = this.#blocks.get(index);
      if (!block || (block.stale && !block.abort)) this.#load(index);
    }
  }

  /** Fetch everything anew when it is next wanted; what is there is shown until then. */
  refresh() {
    this.problem = null;
    for (const [index, block] of this.#blocks) {
      if (block.rows) block.stale = true; else if (!block.abort) this.#blocks.delete(index);
    }
  }

  stop() {
    for (const block of this.#blocks.values()) block.abort?.abort();
    this.#blocks.clear();
  }

  async #load(index) {
    const block = this.#blocks.get(index) ?? {};
    const abort = new AbortController();
    block.abort = abort;
    this.#blocks.set(index, block);
    const before = this.#blocks.get(index - 1);
    try {
      const start = index === 0 ? {} : before?.next ? { after: before.next } : { at: index * BLOCK };
      await this.#take(index, start, abort.signal);
      this.problem = null;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
      if (block.rows) Object.assign(block, { abort: null }); else this.#blocks.delete(index);
    }
    this.dispatchEvent(new Event(this.problem ? "problem" : "rows"));
  }

  /** Fill the block at `index`; where the server can only answer from an earlier place, walk on from there. */
  async #take(index, start, signal) {
    let page = await this.#page({ ...start, limit: BLOCK }, signal);
    let at = start.at !== undefined && page.position !== null ? Math.round(page.position / BLOCK) : index;
    if (index - at > STEPS || at > index) {
      this.#store(at, page);
      this.#blocks.delete(index);
      this.dispatchEvent(new CustomEvent("limit", { detail: page.position }));
      return;
    }
    for (; ; at += 1) {
      while (page.rows.length < BLOCK && page.next) {
        const more = await this.#page({ after: page.next, limit: BLOCK - page.rows.length }, signal);
        page = { ...more, rows: [...page.rows, ...more.rows] };
      }
      this.#store(at, page);
      if (at >= index || !page.next) return;
      page = await this.#page({ after: page.next, limit: BLOCK }, signal);
    }
  }

  #store(index, page) {
    this.#blocks.set(index, { rows: page.rows, next: page.next, stale: false, abort: null });
    const seen = index * BLOCK + page.rows.length;
    const folders = page.rows.filter((row) => row.kind === "folder").length;
    if (folders < page.rows.length || !page.next) this.folders = folders ? index * BLOCK + folders : Math.min(this.folders, index * BLOCK);
    else this.folders = Math.max(this.folders, seen);
    if (!this.#filtered) this.total = page.total;
    else if (!page.next) [this.total, this.#known] = [seen, true];
    else if (!this.#known) this.total = Math.max(this.total, seen + BLOCK);
  }

  /** True where `total` is more than a guess. */
  get known() { return this.#known; }

  async #page(part, signal) {
    const answer = await call("GET", `${this.#path}?${new URLSearchParams({ ...this.#query, ...part })}`, { signal });
    const folders = answer.folders.map((folder) => ({ ...folder, kind: "folder" }));
    return { rows: [...folders, ...answer.items], next: answer.next, position: answer.position, total: answer.total };
  }
}
