/**
 * <m-picture item width height alt page window>: a large preview that keeps its place while it loads, or the reason why there
 * is none.
 *
 * `page` and `window` are what the preview is asked for with; where they change, another one is shown. The event `m-picture`
 * tells whether the whole image as it is stands there, which may be zoomed.
 */
import { element, icon } from "./facts.js";
import { AGAIN_MS, TRIES, reasonOf } from "./reason.js";
import { url } from "./server.js";

const WIDTHS = [768, 1024, 1600, 2048];

class Picture extends HTMLElement {
  static observedAttributes = ["page", "window"];
  #tries = 0;

  connectedCallback() { this.#load(); }

  attributeChangedCallback() {
    this.#tries = 0;
    if (!this.isConnected) return;
    this.#load();
    this.#tell(!this.#asked);
  }

  /** What is asked of the preview beside its size. */
  get #asked() { return this.constructor.observedAttributes.map((name) => (this.getAttribute(name) ? `&${name}=${this.getAttribute(name)}` : "")).join(""); }

  #tell(zooms) { this.dispatchEvent(new CustomEvent("m-picture", { bubbles: true, detail: { zooms } })); }

  #load() {
    const source = (width) => url(`/api/v1/items/${this.getAttribute("item")}/preview?width=${width}&height=${width}&fit=inside&format=webp${this.#asked}`);
    // Another page may have other sides.
    const sides = this.getAttribute("page") ? {} : { width: this.getAttribute("width"), height: this.getAttribute("height") };
    const image = element("img", {
      alt: this.getAttribute("alt"), decoding: "async", ...sides,
      sizes: "(max-width: 60rem) 100vw, 70vw", srcset: WIDTHS.map((width) => `${source(width)} ${width}w`).join(", "),
    });
    image.addEventListener("error", () => this.#broken(image.currentSrc || source(WIDTHS[0])), { once: true });
    if (sides.width) image.style.maxWidth = `min(100%, ${this.getAttribute("width")}px)`;
    image.src = source(1024);
    this.replaceChildren(image);
  }

  async #broken(source) {
    const reason = element("span", {}, "…");
    this.replaceChildren(element("div", { class: "stage-note", role: "status" }, icon("broken"), element("b", {}, "This image cannot be shown"), reason));
    this.#tell(false);
    const { text, passing } = await reasonOf(source);
    reason.textContent = text;
    this.#tries += 1;
    if (passing && this.#tries < TRIES) setTimeout(() => { if (this.isConnected) this.#load(); }, AGAIN_MS);
  }
}

customElements.define("m-picture", Picture);
