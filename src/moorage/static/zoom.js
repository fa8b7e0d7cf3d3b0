/**
 * <m-zoom item width height>: a picture that can be looked at closely, by tiles of its full size.
 *
 * The plain picture stays until somebody zooms: then OpenSeadragon is fetched, and the image's tiles. Keys: + and - zoom,
 * 0 shows all of it, arrows move it while it is larger than its frame, Escape goes back to the plain picture.
 */
import { element } from "./facts.js";
import { notify } from "./notice.js";
import { reasonOf } from "./reason.js";
import { url } from "./server.js";

const STEP = 2;
const SMALL = 1024;
/** Pixels of the longer side up to which the plain picture shows all that there is. */
const SLACK = 1.01;
const SECONDS = 0.4;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PART = 0.2;
/** How far one arrow key moves the picture, in parts of what is visible. */
let library = null;

/** OpenSeadragon, fetched once. */
function seadragon() {
  library ??= new Promise((resolve, reject) => {
    // It would put a style of its own into the head, which the page's policy refuses; this, which styles nothing, it
    // takes for its own.
    const style = document.createElementNS("moorage", "style");
    style.setAttribute("data-openseadragon-mobile-css", "true");
    document.head.append(style);
    const script = element("script", { src: url("/static/openseadragon.min.js") });
    script.addEventListener("load", () => resolve(window.OpenSeadragon));
    script.addEventListener("error", () => { library = null; reject(new Error("OpenSeadragon was not loaded.")); });
    document.head.append(script);
  });
  return library;
}

class Zoom extends HTMLElement {
  #viewer = null;
  #opening = null;

  connectedCallback() {
    const sides = ["width", "height"].map((name) => Number(this.getAttribute(name)));
    if (sides.every((side) => side > 0 && side <= SMALL)) return;
    this.querySelector(".zoom-tools").hidden = false;
    this.addEventListener("m-picture", ({ detail }) => this.#offer(detail.zooms));
    this.querySelector("[data-whole-screen]").hidden = !document.fullscreenEnabled;
    this.addEventListener("click", (event) => this.#click(event));
    this.addEventListener("dblclick", (event) => { if (event.target.matches("img")) this.#zoom(STEP, event); });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  disconnectedCallback() { this.#viewer?.destroy(); this.#viewer = null; }

  /** Tiles are of the first page as it is stored: whatever else is shown cannot be zoomed. */
  #offer(zooms) {
    if (this.#opening && !zooms) this.#close();
    this.querySelector(".zoom-tools").hidden = !zooms;
  }

  #click({ target }) {
    const does = target.closest("button")?.dataset;
    if (!does) return;
    if ("in" in does) this.#zoom(STEP);
    if ("out" in does && this.#viewer) this.#zoom(1 / STEP);
    if ("all" in does) this.#viewer?.viewport.goHome();
    if ("wholeScreen" in does) this.#wholeScreen();
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && this.#viewer && !document.fullscreenElement) this.#close();
    // The arrows move the picture while there is more of it than fits; else they lead to its neighbours.
    else if (MOVES[event.key] && this.#closer()) this.#move(event);
    else if (event.target.closest("button") && ["+", "-", "0"].includes(event.key)) this.#zoom({ "+": STEP, "-": 1 / STEP, 0: 0 }[event.key]);
  }

  #move(event) {
    event.stopPropagation();
    if (!event.target.closest("button")) return; // the viewer does it by itself
    event.preventDefault();
    const { viewport } = this.#viewer;
    const seen = viewport.getBounds();
    const [across, down] = MOVES[event.key];
    viewport.panBy(new window.OpenSeadragon.Point(across * seen.width * PART, down * seen.height * PART));
    viewport.applyConstraints();
  }

  #closer() {
    const viewport = this.#viewer?.viewport;
    return Boolean(viewport && viewport.getZoom() > viewport.getHomeZoom() * SLACK);
  }

  async #zoom(by, event) {
    const viewer = await this.#open();
    const viewport = viewer?.viewport;
    if (!viewport) return;
    if (!by) viewport.goHome();
    else viewport.zoomBy(by, event && this.#place(viewer, event));
    viewport.applyConstraints();
  }

  /** Where a mouse pointed, as OpenSeadragon counts. */
  #place(viewer, { clientX, clientY }) {
    const frame = viewer.element.getBoundingClientRect();
    return viewer.viewport.pointFromPixel(new window.OpenSeadragon.Point(clientX - frame.left, clientY - frame.top));
  }

  async #wholeScreen() {
    if (document.fullscreenElement) { document.exitFullscreen(); return; }
    await this.#open();
    await this.requestFullscreen?.().catch(() => {});
  }

  /** The viewer with the image in it; null where it cannot be had, once that was said. */
  #open() {
    this.#opening ??= this.#begin().catch(() => {
      this.#close();
      notify("The picture cannot be zoomed: its parts were not loaded.", { bad: true });
      return null;
    });
    return this.#opening;
  }

  async #begin() {
    this.setAttribute("aria-busy", "true");
    const address = url(`/iiif/3/${this.getAttribute("item")}`);
    const [make, answer] = await Promise.all([seadragon(), fetch(`${address}/info.json`, { headers: { Accept: "application/json" } })]);
    if (!answer.ok) {
      const { text } = await reasonOf(`${address}/info.json`);
      notify(text, { bad: true });
      this.#close();
      this.querySelector(".zoom-tools").hidden = true;
      return null;
    }
    // Its own address is the public one; this page may have come by another, and its policy admits only that.
    const info = { ...(await answer.json()), id: new URL(address, location.href).href };
    return this.isConnected ? this.#shown(make, info) : null;
  }

  #shown(make, info) {
    const view = element("div", { class: "zoom-view", role: "group", "aria-label": `${this.querySelector("m-picture").getAttribute("alt")}, zoomed` });
    this.prepend(view);
    this.classList.add("open");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#viewer = make({
      element: view, tileSources: [info], drawer: "canvas", showNavigationControl: false, visibilityRatio: 1, minZoomImageRatio: 1,
      maxZoomPixelRatio: 4, animationTime: still ? 0 : SECONDS, blendTime: 0, immediateRender: still, gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    });
    return new Promise((resolve, reject) => {
      this.#viewer.addOnceHandler("tile-drawn", () => { this.classList.add("drawn"); this.removeAttribute("aria-busy"); });
      this.#viewer.addOnceHandler("open", () => resolve(this.#viewer));
      this.#viewer.addOnceHandler("open-failed", () => reject(new Error("The image was not opened.")));
    });
  }

  /** Back to the plain picture. */
  #close() {
    this.#viewer?.destroy();
    this.#viewer = this.#opening = null;
    this.querySelector(".zoom-view")?.remove();
    this.classList.remove("open", "drawn");
    this.removeAttribute("aria-busy");
    if (this.contains(document.activeElement) || document.activeElement === document.body) this.querySelector("[data-in]").focus();
  }
}

customElements.define("m-zoom", Zoom);
