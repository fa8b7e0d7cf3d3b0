/** <m-cover data-n>: up to four previews of a project; those that cannot be had make room for the others. */
import { icon } from "./facts.js";

class Cover extends HTMLElement {
  connectedCallback() {
    for (const image of this.querySelectorAll("img")) {
      image.addEventListener("error", () => this.#drop(image));
      if (image.complete && !image.naturalWidth && image.currentSrc) this.#drop(image);
    }
  }

  #drop(image) {
    image.remove();
    const left = this.querySelectorAll("img").length;
    this.dataset.n = left;
    if (!left && !this.firstElementChild) this.append(icon("image"));
  }
}

customElements.define("m-cover", Cover);
