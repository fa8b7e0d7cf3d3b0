/**
 * <m-grid folder folders total view sort order kind prefix state restores name>: a folder's rows as a grid of previews or as
 * a list. state="gone": its tombstones; `restores`: the reader may bring them back.
 *
 * Only the rows on the screen exist as elements; they are used again as the reader moves. The place is kept in the address
 * (`#at=1200`), so that going back or reloading returns to it. Keys: arrows, Page Up and Down, Home, End, Enter; Tab leads
 * to the button of the row that keys act on.
 */
import { LIST_COLUMNS, fillLine, fillTile, listCells, tile } from "./cell.js";
import { element, number } from "./facts.js";
import { recount } from "./fresh.js";
import { GONE_COLUMNS, fillGoneLine, fillGoneTile, goneCells, goneTile, restore } from "./gone.js";
import { Layout } from "./layout.js";
import { visit } from "./navigation.js";
import { Scale } from "./scale.js";
import { Sequence } from "./sequence.js";

const SETTLE_MS = 120;
const REFRESH_MS = 5000;
const AGAIN_MS = 3000;

class Grid extends HTMLElement {
  static observedAttributes = ["view", "sort", "order", "kind", "prefix", "state"];
  #scale = new Scale();
  #rows = null;
  #drawn = new Map();
  /** Lines that are out of sight, to be used again: those of items, and those of folders, which look otherwise. */
  #spare = { items: [], folders: [] };
  #active = -1;
  #settle = 0;
  #frame = 0;
  #refreshed = 0;
  #again = 0;
  #layout = new Layout();
  #wanted = 0;
  /** What is said where there are no rows: not said again while it is the same, or the focus would be lost. */
  #said = null;
  #watch = null;

  connectedCallback() {
    this.#build();
    this.#wanted = Number(new URLSearchParams(location.hash.slice(1)).get("at")) || 0;
    this.#open();
    this.#watch = new ResizeObserver(() => this.#measure());
    this.#watch.observe(this.scroller);
  }

  disconnectedCallback() {
    this.#watch?.disconnect();
    this.#rows?.stop();
    clearTimeout(this.#settle);
    clearTimeout(this.#again);
    cancelAnimationFrame(this.#frame);
    this.#drawn.clear();
    this.#spare = { items: [], folders: [] };
    this.replaceChildren();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#rows || before === after) return;
    if (name === "view") { this.#wanted = this.#first; this.#clear(); this.#measure(); }
    else { this.#wanted = 0; this.#active = -1; this.#open(); this.#measure(); }
  }

  get #list() { return this.getAttribute("view") === "list"; }
  get #gone() { return this.getAttribute("state") === "gone"; }
  get #filtered() { return Boolean(this.#gone || this.getAttribute("kind") || this.getAttribute("prefix")); }
  /** What the rows are asked for by; tombstones have one order only. */
  get #query() {
    const names = this.#gone ? ["order", "kind", "prefix", "state"] : ["sort", "order", "kind", "prefix"];
    return names.map((name) => [name, this.getAttribute(name) ?? ""]).filter(([, value]) => value);
  }
  get #head() { return this.#list ? this.head.offsetHeight : 0; }
  get #view() { return this.scroller.clientHeight - this.#head; }
  /** The first index whose line is on the screen for the greater part. */
  get #first() { return this.#indexAt(this.#layout, this.#scale.place); }

  #indexAt(layout, place) {
    const line = layout.lineAt(place);
    const middle = (layout.top(line) + layout.top(line + 1)) / 2;
    return layout.span(middle < place ? line + 1 : line)[0];
  }

  #build() {
    this.head = element("div", { class: "line-head", role: "row", "aria-rowindex": "1" });
    this.space = element("div", { class: "space", role: "rowgroup" });
    this.scroller = element("div", { class: "scroller", role: "grid", tabindex: "0", "aria-label": `Content of ${this.getAttribute("name")}` },
      element("div", { role: "rowgroup", class: "line-top" }, this.head), this.space);
    this.message = element("div", { class: "grid-message", role: "status", hidden: true });
    this.replaceChildren(this.scroller, this.message);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
    this.scroller.addEventListener("focus", () => this.#active < 0 && this.scroller.matches(":focus-visible") && this.#activate(this.#first));
    this.space.addEventListener("click", (event) => this.#click(event));
  }

  /** Begin the sequence that the attributes ask for. */
  #open() {
    this.#rows?.stop();
    const known = this.#filtered ? null : { folders: Number(this.getAttribute("folders")), total: Number(this.getAttribute("total")) };
    this.#rows = new Sequence(`/api/v1/folders/${this.getAttribute("folder")}/children`, Object.fromEntries(this.#query), known);
    this.#rows.addEventListener("rows", () => this.#arrived());
    this.#rows.addEventListener("problem", () => this.#say(this.#rows.problem));
    this.#rows.addEventListener("limit", (event) => this.#limited(event.detail));
    this.#say(null);
    this.#clear();
  }

  #clear() {
    this.#drawn.clear();
    this.#spare = { items: [], folders: [] };
    this.space.replaceChildren();
    this.head.replaceChildren(...(this.#gone ? GONE_COLUMNS : LIST_COLUMNS).map((name) => element("div", { role: "columnheader" }, name)));
    this.classList.toggle("list", this.#list);
    this.classList.toggle("of-gone", this.#gone);
  }

  /** Work out columns and heights from the width; keep the place. */
  #measure() {
    const { clientWidth: width, clientHeight: height } = this.scroller;
    if (!width || !height) return;
    const before = this.#layout;
    this.#layout = Layout.of(this.#list, width);
    const same = before.like(this.#layout) && !this.#wanted;
    const { place } = this.#scale;
    const kept = this.#wanted || this.#indexAt(before, place);
    if (before.columns !== this.#layout.columns) this.#clear();
    this.style.setProperty("--columns", this.#layout.columns);
    this.style.setProperty("--pad", `${this.#layout.pad}px`);
    this.style.setProperty("--pic", `${this.#layout.picture}px`);
    this.#extend();
    this.#go(same ? place : this.#topOf(kept));
    this.#wanted = 0;
    this.#draw(true);
  }

  /** The place at which the line of an index stands first on the screen. */
  #topOf(index) { return this.#layout.top(this.#layout.lineOf(index)) - this.#layout.pad; }

  #extend() {
    const layout = this.#layout;
    layout.count(this.#rows.folders, this.#rows.total);
    this.#scale.measure(layout.height, this.#view);
    this.space.style.height = `${this.#scale.extent}px`;
    this.scroller.setAttribute("aria-rowcount", this.#rows.known ? layout.lines + 1 : -1);
    this.scroller.setAttribute("aria-colcount", this.#list ? LIST_COLUMNS.length : layout.columns);
  }

  #go(place) { this.scroller.scrollTop = this.#scale.go(place); }

  #scrolled() {
    const jumped = this.#scale.scrolled(this.scroller.scrollTop);
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#settled(), SETTLE_MS);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw(!jumped));
  }

  #settled() {
    const scroll = this.#scale.settle();
    if (Math.round(this.scroller.scrollTop) !== scroll) this.scroller.scrollTop = scroll;
    this.#draw(true);
    const at = this.#first;
    const hash = at ? `#at=${at}` : "";
    if (location.hash !== hash) history.replaceState(history.state, "", location.pathname + location.search + hash);
  }

  /** Rows came: the total may be another now. */
  #arrived() {
    const empty = this.#rows.total === 0;
    if (!empty) this.#say(null);
    this.#extend();
    const scroll = this.#scale.settle();
    if (Math.round(this.scroller.scrollTop) !== scroll) this.scroller.scrollTop = scroll;
    this.#draw(true);
    if (empty) this.#empty();
  }

  /** Draw what is on the screen and a third of a screen around it. `load`: fetch rows and previews too. */
  #draw(load) {
    const layout = this.#layout;
    const { place } = this.#scale;
    const view = this.scroller.clientHeight;
    const first = layout.lineAt(place - view / 3);
    const last = layout.lineAt(place + view * 1.33);
    for (const [line, drawn] of this.#drawn) {
      if (line >= first && line <= last && line < layout.lines && drawn.of === this.#of(line)) continue;
      this.#spare[drawn.of].push(drawn);
      this.#drawn.delete(line);
    }
    for (let line = first; line <= last && line < layout.lines; line += 1) {
      const drawn = this.#drawn.get(line) ?? this.#take(line);
      drawn.style.transform = `translateY(${this.#scale.at(layout.top(line))}px)`;
      this.#fill(drawn, line, load);
    }
    for (const spare of [...this.#spare.items, ...this.#spare.folders]) spare.style.transform = "translateY(-1000px)";
    if (load) this.#rows.want(layout.span(first)[0], layout.span(Math.max(first, last))[1] - 1);
    this.#mark();
    this.#tell();
  }

  #of(line) { return this.#layout.holdsFolders(line) ? "folders" : "items"; }

  #take(line) {
    const of = this.#of(line);
    const drawn = this.#spare[of].pop() ?? this.#make(of);
    drawn.setAttribute("aria-rowindex", line + 2);
    this.#drawn.set(line, drawn);
    return drawn;
  }

  #make(of) {
    const [line, one] = this.#gone ? [goneCells, goneTile] : [listCells, tile];
    const cells = this.#list ? line() : Array.from({ length: this.#layout.columns }, one);
    cells.forEach((cell, at) => cell.setAttribute("aria-colindex", at + 1));
    const drawn = element("div", { role: "row", class: of === "folders" ? "line folders" : "line" }, ...cells);
    drawn.of = of;
    this.space.append(drawn);
    return drawn;
  }

  #fill(drawn, line, draw) {
    const [first, end] = this.#layout.span(line);
    const query = this.#query;
    const options = { draw, pixels: this.#layout.side * Math.min(2, devicePixelRatio), restores: this.hasAttribute("restores") };
    const fragment = (at) => () => `#${new URLSearchParams([["at", at], ...query])}`;
    const [asLine, asTile] = this.#gone ? [fillGoneLine, fillGoneTile] : [fillLine, fillTile];
    const cells = [...drawn.children];
    if (this.#list) {
      cells[0].id = `${this.id}-${first}`;
      return asLine(cells, this.#rows.get(first), { ...options, fragment: fragment(first) });
    }
    cells.forEach((cell, at) => {
      const index = first + at;
      cell.hidden = index >= end;
      cell.id = cell.hidden ? "" : `${this.id}-${index}`;
      asTile(cell, cell.hidden ? undefined : this.#rows.get(index), { ...options, fragment: fragment(index) });
    });
    return undefined;
  }

  #key(event) {
    if (event.altKey || event.metaKey || event.target !== this.scroller || !this.#rows.total) return;
    if (event.key === "Enter") return this.#enter(event);
    const layout = this.#layout;
    const from = this.#active < 0 ? this.#first : this.#active;
    const page = Math.max(1, layout.lineAt(this.#scale.place + this.#view) - layout.lineAt(this.#scale.place) - 1);
    const sideways = this.#list ? 0 : 1;
    const moves = {
      ArrowLeft: () => from - sideways, ArrowRight: () => from + sideways, ArrowUp: () => layout.below(from, -1), ArrowDown: () => layout.below(from, 1),
      PageUp: () => layout.below(from, -page), PageDown: () => layout.below(from, page), Home: () => 0, End: () => this.#rows.total - 1,
    };
    if (!(event.key in moves)) return undefined;
    event.preventDefault();
    return this.#activate(Math.min(this.#rows.total - 1, Math.max(0, moves[event.key]())));
  }

  #enter(event) {
    const row = this.#rows.get(this.#active);
    if (!row) return;
    event.preventDefault();
    document.getElementById(`${this.id}-${this.#active}`)?.querySelector("a")?.click();
  }

  /** Make a row the one that keys act on, and bring it into view. */
  #activate(index) {
    if (index < 0 || !this.#rows.total) return;
    this.#active = index;
    const line = this.#layout.lineOf(index);
    const bottom = this.#layout.top(line + 1);
    if (this.#topOf(index) < this.#scale.place) this.#go(this.#topOf(index));
    else if (bottom > this.#scale.place + this.#view) this.#go(bottom - this.#view);
    this.#draw(true);
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#settled(), SETTLE_MS);
  }

  #mark() {
    const last = this.space.querySelector("[aria-selected]");
    const cell = this.#active >= 0 ? document.getElementById(`${this.id}-${this.#active}`) : null;
    if (last !== cell) last?.removeAttribute("aria-selected");
    for (const back of this.space.querySelectorAll("[data-restore]")) back.tabIndex = cell && back.row && back.row === cell.row ? 0 : -1;
    if (cell) { cell.setAttribute("aria-selected", "true"); this.scroller.setAttribute("aria-activedescendant", cell.id); }
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  async #restore(pressed) {
    if (!(await restore(pressed))) return;
    if (this.contains(document.activeElement) || document.activeElement === document.body) this.scroller.focus({ preventScroll: true });
    this.refresh({ soon: true });
    recount();
  }

  #click(event) {
    const pressed = event.target.closest("[data-restore]");
    if (pressed) { this.#restore(pressed); return; }
    const link = event.target.closest("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(link.getAttribute("href"));
  }

  #tell() {
    const { total } = this.#rows;
    const [, last] = this.#layout.span(this.#layout.lineAt(this.#scale.place + this.#view - 8));
    const detail = total ? `${number(this.#first + 1)}–${number(last)} of ${this.#rows.known ? number(total) : "many"}` : "";
    this.dispatchEvent(new CustomEvent("m-where", { detail, bubbles: true }));
  }

  #empty() {
    const template = this.#filtered ? null : document.getElementById("no-items");
    const said = template ? template.content.cloneNode(true) : this.#nothing();
    if (!this.message.hidden && this.#said?.isEqualNode(said)) return;
    this.#said = said.cloneNode(true);
    clearTimeout(this.#again);
    this.message.className = "grid-message whole";
    this.message.hidden = false;
    this.message.replaceChildren(said);
    window.htmx?.process(this.message);
  }

  #nothing() {
    const searched = this.getAttribute("kind") || this.getAttribute("prefix");
    const [title, text] = this.#gone && !searched
      ? ["Nothing is gone here", "What vanishes from the store, is hidden or is put into the trash is kept here for 30 days and can be restored."]
      : ["Nothing found", "No item of this folder has such a name and kind. Folders below it are not searched."];
    return element("div", { class: "empty" }, element("h2", {}, title), element("p", {}, text));
  }

  /** Say what went wrong; a fault that passes (503: the order is being made) is tried again by itself. */
  #say(problem) {
    clearTimeout(this.#again);
    this.#said = null;
    if (problem?.status === 503) this.#again = setTimeout(() => { this.#rows.refresh(); this.#draw(true); }, AGAIN_MS);
    this.message.className = "grid-message";
    this.message.hidden = !problem;
    if (!problem) return this.message.replaceChildren();
    const again = element("button", { type: "button", class: "button small" }, "Try again");
    again.addEventListener("click", () => { this.#rows.refresh(); this.#say(null); this.#draw(true); });
    this.message.replaceChildren(element("div", { class: "problem", role: "alert" }, element("b", {}, problem.message), element("span", {}, problem.advice ?? ""), element("div", {}, again)));
  }

  #limited(position) {
    this.#activate(position);
    this.#go(this.#topOf(position));
    this.#say({ message: `This order can be entered at most at ${number(position)}.`, advice: "Scroll on from there, or sort by name to jump anywhere." });
    this.#draw(true);
  }

  /** A job of this folder went on (see m-job): show what it changed, at most every few seconds. */
  refresh({ soon = false } = {}) {
    if (!soon && performance.now() - this.#refreshed < REFRESH_MS) return;
    this.#refreshed = performance.now();
    this.#rows?.refresh();
    this.#draw(true);
  }
}

customElements.define("m-grid", Grid);
