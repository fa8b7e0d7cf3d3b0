/**
 * <m-view item>: which page of an image with several is shown, and which of its stored values are black and white.
 *
 * It steers the <m-picture> beside it. The pages are counted by the answer to a small preview; one page needs no pager.
 */
import { number } from "./facts.js";
import { url } from "./server.js";

class View extends HTMLElement {
  #pages = 1;

  connectedCallback() {
    this.page = this.querySelector("[data-page]");
    this.form = this.querySelector("[data-window]");
    this.querySelector("[data-less]").addEventListener("click", () => this.#turn(this.page.valueAsNumber - 1));
    this.querySelector("[data-more]").addEventListener("click", () => this.#turn(this.page.valueAsNumber + 1));
    this.page.addEventListener("change", () => this.#turn(this.page.valueAsNumber));
    this.form?.addEventListener("submit", (event) => { event.preventDefault(); this.#window(); });
    this.form?.addEventListener("input", () => this.form.elements.high.setCustomValidity(""));
    this.form?.addEventListener("reset", () => this.#show("window", ""));
    this.#count();
  }

  get #picture() { return this.closest(".stage").querySelector("m-picture"); }

  async #count() {
    const answer = await fetch(url(`/api/v1/items/${this.getAttribute("item")}/preview?width=64&format=webp`)).catch(() => null);
    const pages = Number(answer?.headers.get("moorage-pages") ?? 1);
    if (!this.isConnected || !answer?.ok) return;
    this.#pages = pages;
    this.page.max = pages;
    this.querySelector("[data-pages]").textContent = `of ${number(pages)}`;
    this.querySelector("[data-pager]").hidden = pages < 2;
    this.hidden = pages < 2 && !this.form;
    this.#mark();
  }

  #turn(to) {
    // The fields hold it where it stands when what was written is no number.
    const now = Number(this.#picture.getAttribute("page") || 1);
    this.page.value = Number.isInteger(to) ? Math.min(Math.max(to, 1), this.#pages) : now;
    this.#show("page", this.page.value === "1" ? "" : this.page.value);
    this.#mark();
  }

  /** The ends are dulled, not disabled: a button keeps the focus when it leads no further. */
  #mark() {
    this.querySelector("[data-less]").setAttribute("aria-disabled", this.page.value === "1");
    this.querySelector("[data-more]").setAttribute("aria-disabled", this.page.value === String(this.#pages));
  }

  #window() {
    const { low, high } = this.form.elements;
    const upside = !(low.valueAsNumber < high.valueAsNumber);
    high.setCustomValidity(upside ? "White must be a larger value than black." : "");
    if (upside) high.reportValidity();
    else this.#show("window", `${low.value},${high.value}`);
  }

  #show(name, value) {
    if ((this.#picture.getAttribute(name) ?? "") === value) return;
    this.#picture.toggleAttribute(name, false);
    if (value) this.#picture.setAttribute(name, value);
  }
}

customElements.define("m-view", View);
