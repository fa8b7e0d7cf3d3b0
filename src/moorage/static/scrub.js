/**
 * Hovering over a video's picture shows frames from all over it: its left edge is the beginning, its right edge the end.
 *
 * Pictures are `.pic.video` of the grid, and the player of an item page until it plays. Frames come as one image, which the
 * server makes at the first hover; until it is there, and where there is none, the picture stays. With a mouse only, and not
 * for readers who want no motion.
 */
import { duration, element } from "./facts.js";
import { url } from "./server.js";

const WAIT_MS = 180;
const KEPT = 100;
const CONTROLS = 64;
const still = matchMedia("(prefers-reduced-motion: reduce)");
/** Strips by item and version, the last ones; null where there is none. */
const strips = new Map();
let over = null;

const targetOf = (node) => node instanceof Element ? node.closest(".pic.video, m-video[item]") : null;

/** The item that a picture shows, and what tells its versions apart. */
function shownBy(box) {
  if (box.localName === "m-video") return { id: box.getAttribute("item"), version: "" };
  return box.item ? { id: box.item.id, version: `${box.item.etag ?? ""} ${box.item.modified ?? ""}` } : null;
}

async function fetched(path, signal) {
  const answer = await fetch(path, { signal });
  if (!answer.ok) return null;
  const times = (answer.headers.get("moorage-times") ?? "").split(",").map(Number);
  await answer.arrayBuffer(); // so that the browser keeps it
  const image = new Image();
  image.src = path;
  await image.decode();
  return { path, times, ratio: image.naturalWidth / times.length / image.naturalHeight };
}

async function stripOf({ id, version }, signal) {
  const name = `${id} ${version}`;
  if (!strips.has(name)) {
    const found = await fetched(url(`/api/v1/items/${id}/strip`), signal);
    strips.set(name, found);
    if (strips.size > KEPT) strips.delete(strips.keys().next().value);
  }
  return strips.get(name);
}

/** One hover: from the pointer's coming to its leaving. */
class Hover {
  #box;
  #x;
  #abort = new AbortController();
  #timer;
  #veil = null;
  #strip = null;

  constructor(box, x) {
    this.#box = box;
    this.#x = x;
    this.#timer = setTimeout(() => this.#begin(), WAIT_MS);
  }

  get box() { return this.#box; }

  async #begin() {
    const shown = shownBy(this.#box);
    if (!shown) return;
    try { this.#strip = await stripOf(shown, this.#abort.signal); } catch { return; }
    if (!this.#strip || this.#abort.signal.aborted || !this.#box.isConnected) return;
    this.#veil = element("span", { class: "scrub", "aria-hidden": "true" }, element("span", { class: "scrub-frame" }), element("span", { class: "badge num" }));
    const frame = this.#veil.firstChild;
    frame.style.backgroundImage = `url("${this.#strip.path}")`;
    frame.style.backgroundSize = `${this.#strip.times.length * 100}% 100%`;
    frame.style.aspectRatio = String(this.#strip.ratio);
    this.#veil.classList.toggle("wide", this.#box.clientWidth / this.#box.clientHeight > this.#strip.ratio);
    this.#box.append(this.#veil);
    this.move(this.#x);
  }

  move(x) {
    this.#x = x;
    if (!this.#veil) return;
    const { left, width } = this.#box.getBoundingClientRect();
    const { times } = this.#strip;
    const index = Math.max(0, Math.min(times.length - 1, Math.floor(((x - left) / width) * times.length)));
    this.#veil.firstChild.style.backgroundPositionX = times.length > 1 ? `${(index / (times.length - 1)) * 100}%` : "0";
    this.#veil.lastChild.textContent = duration(times[index]);
  }

  end() {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#veil?.remove();
  }
}

function end() {
  over?.end();
  over = null;
}

/** A player shows its own picture from the moment that it plays, and its controls are never covered. */
function busy(box, y) {
  const video = box.querySelector("video");
  return Boolean(video && (video.hidden || !video.paused || video.currentTime || y > box.getBoundingClientRect().bottom - CONTROLS));
}

document.addEventListener("pointermove", (event) => {
  const box = event.pointerType === "mouse" && !still.matches && !event.buttons ? targetOf(event.target) : null;
  if (!box || busy(box, event.clientY)) { end(); return; }
  if (over?.box === box) { over.move(event.clientX); return; }
  end();
  over = new Hover(box, event.clientX);
}, { passive: true });
document.addEventListener("pointerleave", end);
for (const name of ["pointerdown", "scroll", "play", "keydown"]) document.addEventListener(name, end, { capture: true, passive: true });
