/** The tray at the foot of every page: each file on its way, and what became of it. It stays while pages are swapped. */
import { ask } from "./dialog.js";
import { bytes, element, icon, number } from "./facts.js";
import { recount } from "./fresh.js";
import { visit } from "./navigation.js";
import { queue } from "./sending.js";
import { url } from "./server.js";

const SHOW_MS = 1000;
const HEARD_MS = 150;
const files = (n) => `${number(n)} ${n === 1 ? "file" : "files"}`;
const small = (label, look = "") => element("button", { type: "button", class: `button small ${look}` }, label);

/** One line of the tray, kept current by `draw`. */
class Line {
  #one;
  #drawn = "";

  constructor(one) {
    this.#one = one;
    this.name = element("span", { class: "tray-name", title: one.name }, one.name);
    this.figure = element("span", { class: "tray-figure num" });
    this.bar = element("progress", { "aria-label": `${one.name}, sent`, max: one.size || 1 });
    this.reason = element("p", { class: "tray-reason" });
    this.buttons = element("span", { class: "tray-buttons" });
    this.element = element("li", {}, this.name, this.buttons, this.figure, this.bar, this.reason);
  }

  draw() {
    const one = this.#one;
    if (this.#drawn === one.state && one.state !== "sending") return;
    this.figure.textContent = this.#figure();
    if (one.state === "sending") this.bar.value = one.size ? one.gone : 1;
    if (this.#drawn === one.state) return;
    this.#drawn = one.state;
    this.element.dataset.state = one.state;
    if (one.state !== "sending") this.bar.value = one.state === "done" ? one.size || 1 : 0;
    this.reason.textContent = one.problem ? `${one.problem.message} ${one.problem.advice ?? ""}`.trim() : "";
    if (one.item) this.name.replaceChildren(element("a", { href: url(`/items/${one.item.id}`) }, one.item.name));
    const focused = this.buttons.contains(document.activeElement);
    this.buttons.replaceChildren(...this.#offers());
    if (focused) (this.buttons.querySelector("button") ?? (tray.close.hidden ? tray.fold : tray.close)).focus();
  }

  #figure() {
    const { state, gone, size } = this.#one;
    if (state === "waiting") return `waits · ${bytes(size)}`;
    if (state !== "sending") return { done: `done · ${bytes(size)}`, cancelled: "cancelled" }[state] ?? "failed";
    return gone < size ? `${bytes(gone)} of ${bytes(size)}` : `storing · ${bytes(size)}`;
  }

  #offers() {
    const one = this.#one;
    const offer = (label, act, to = "") => {
      const button = small(label, "quiet");
      button.setAttribute("aria-label", `${label}${to}: ${one.name}`);
      button.addEventListener("click", act);
      return button;
    };
    if (one.open) return [offer("Cancel", () => queue.cancel(one))];
    if (one.state !== "failed" || !one.file) return [];
    if (one.problem.status === 409) return [["Keep both", "both"], ["Replace", "replace"]].map(([label, how]) => offer(label, () => queue.again(one, how)));
    return [offer("Try again", () => queue.again(one))];
  }
}

class Tray {
  #lines = new Map();
  #frame = 0;
  #shown = 0;
  #timer = 0;
  #told = false;

  constructor() {
    this.title = element("b", { class: "tray-title" });
    this.total = element("span", { class: "num" });
    this.bar = element("progress", { "aria-label": "All files, sent" });
    this.fold = small("Details", "quiet");
    this.stop = small("Cancel all", "quiet");
    this.close = small("Close", "quiet");
    this.list = element("ul", { class: "tray-list", id: "tray-list", tabindex: "0", "aria-label": "Files" });
    this.news = element("p", { class: "unseen", role: "status" });
    this.element = element("section", { class: "tray", "aria-label": "Files on their way", "hx-boost": "false" },
      element("div", { class: "tray-head" }, icon("put"), this.title, this.total, element("span", { class: "tray-buttons" }, this.stop, this.close, this.fold), this.bar), this.list, this.news);
    this.fold.setAttribute("aria-controls", "tray-list");
    this.#unfold(!matchMedia("(max-width: 36rem)").matches);
    this.fold.addEventListener("click", () => this.#unfold(this.list.hidden));
    this.stop.addEventListener("click", () => this.#cancelAll());
    this.close.addEventListener("click", () => this.#close());
    this.element.addEventListener("click", (event) => this.#follow(event));
    queue.addEventListener("change", ({ detail }) => { this.#draw(); if (detail) this.#turned(detail); });
    queue.addEventListener("progress", () => { this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw(); }); });
    new MutationObserver(() => this.#stay()).observe(document.body, { childList: true });
  }

  /** A page was swapped in: the tray goes with the reader. */
  #stay() {
    if (queue.all.length && !this.element.isConnected) document.body.append(this.element);
  }

  #unfold(on) {
    this.list.hidden = !on;
    this.fold.setAttribute("aria-expanded", on);
  }

  #draw() {
    const { all, open } = queue;
    if (!all.length) { this.element.remove(); this.#lines.clear(); this.list.replaceChildren(); return; }
    this.#stay();
    [this.stop.hidden, this.close.hidden] = [!open, Boolean(open)];
    for (const [one, line] of this.#lines) if (!all.includes(one)) { line.element.remove(); this.#lines.delete(one); }
    for (const one of all) {
      if (!this.#lines.has(one)) { this.#lines.set(one, new Line(one)); this.list.append(this.#lines.get(one).element); }
      this.#lines.get(one).draw();
    }
    const counted = all.filter(({ state }) => state !== "cancelled");
    const [size, gone] = ["size", "gone"].map((name) => counted.reduce((sum, one) => sum + (one.state === "failed" && name === "gone" ? 0 : one[name]), 0));
    this.title.textContent = titleOf(counted, open);
    this.total.textContent = open ? `${number(counted.filter(({ state }) => state === "done").length)} of ${number(counted.length)} · ${bytes(gone)} of ${bytes(size)}` : "";
    [this.bar.max, this.bar.value] = [size || 1, open ? gone : size || 1];
    this.bar.classList.toggle("ended", !open);
  }

  /** A file began or ended: the grid of its folder shows it, and those who listen hear of the first, of faults and of the last. */
  #turned(one) {
    if (one.state === "done") this.#show(one.folder);
    if (one.state === "failed") this.#unfold(true);
    const parts = [one.state === "failed" ? `${one.name}: ${one.problem.message}` : "", this.#told === Boolean(queue.open) ? "" : this.title.textContent];
    this.#told = Boolean(queue.open);
    this.#say(parts.filter(Boolean).join(" "));
    this.#look();
  }

  /** Screen readers know the place of the news by now, also where the tray has just come. */
  #say(text) { if (text) setTimeout(() => { this.news.textContent = text; }, HEARD_MS); }

  /** The grid and the counts of the folder, where it is the one on the screen; at most once a second. */
  #show(folder) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#shown = performance.now();
      const grid = document.querySelector("m-grid");
      if (grid?.getAttribute("folder") !== folder.id) return;
      grid.refresh({ soon: true });
      recount({ again: !queue.open });
    }, Math.max(0, this.#shown + SHOW_MS - performance.now()));
  }

  /** Bring the first line that is under way into view, unless the reader is at the list. */
  #look() {
    if (this.list.matches(":hover, :focus-within")) return;
    const line = this.#lines.get(queue.all.find(({ state }) => state === "sending"));
    if (line) this.list.scrollTop = line.element.offsetTop - this.list.offsetTop;
  }

  async #cancelAll() {
    if (await ask(`Stop sending ${files(queue.open)}? What was sent already stays.`, { yes: "Stop sending", grave: true })) queue.cancelAll();
  }

  #close() {
    queue.clear();
    (document.querySelector("[data-put]") ?? document.querySelector("main h1") ?? document.body).focus();
  }

  #follow(event) {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(link.getAttribute("href"));
  }
}

function titleOf(all, open) {
  const folders = new Set(all.map(({ folder }) => folder.name));
  const [name] = folders.size === 1 ? folders : ["their folders"];
  const [done, failed] = ["done", "failed"].map((state) => all.filter((one) => one.state === state).length);
  if (open) return `Sending ${files(all.length)} to ${name}`;
  if (!all.length) return "Nothing was sent";
  const sent = done ? `${files(done)} ${done === 1 ? "is" : "are"} in ${name}` : "";
  return [sent, failed ? `${files(failed)} failed` : ""].filter(Boolean).join(", ");
}

const tray = new Tray();
