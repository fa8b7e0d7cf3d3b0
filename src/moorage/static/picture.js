/** <m-picture item width height alt>: a large preview that keeps its place while it loads, or the reason why there is none. */
import { element, icon } from "./facts.js";
import { AGAIN_MS, TRIES, reasonOf } from "./reason.js";
import { url } from "./server.js";

const WIDTHS = [768, 1024, 1600, 2048];

class Picture extends HTMLElement {
  #tries = 0;

  connectedCallback() { this.#load(); }

  #load() {
    const source = (width) => url(`/api/v1/items/${this.getAttribute("item")}/preview?width=${width}&height=${width}&fit=inside&format=webp`);
    const image = element("img", {
      alt: this.getAttribute("alt"), decoding: "async", width: this.getAttribute("width"), height: this.getAttribute("height"),
      sizes: "(max-width: 60rem) 100vw, 70vw", srcset: WIDTHS.map((width) => `${source(width)} ${width}w`).join(", "),
    });
    image.addEventListener("error", () => this.#broken(image.currentSrc || source(WIDTHS[0])), { once: true });
    if (this.hasAttribute("width")) image.style.maxWidth = `min(100%, ${this.getAttribute("width")}px)`;
    image.src = source(1024);
    this.replaceChildren(image);
  }

  async #broken(source) {
    const reason = element("span", {}, "…");
    this.replaceChildren(element("div", { class: "stage-note", role: "status" }, icon("broken"), element("b", {}, "This image cannot be shown"), reason));
    const { text, passing } = await reasonOf(source);
    reason.textContent = text;
    this.#tries += 1;
    if (passing && this.#tries < TRIES) setTimeout(() => { if (this.isConnected) this.#load(); }, AGAIN_MS);
  }
}

customElements.define("m-picture", Picture);
