/**
 * <m-missing job>: its button lists some of the items whose objects a job found gone, in the banner around it. The list
 * stays open when the banner is shown anew.
 */
import { element } from "./facts.js";
import { call, url } from "./server.js";

const opened = new Set();

class Missing extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => this.#show());
    if (opened.has(this.getAttribute("job"))) this.#show();
  }

  async #show() {
    const place = this.closest(".banner").querySelector("[data-missing]");
    opened.add(this.getAttribute("job"));
    place.hidden = false;
    try {
      const { items } = await call("GET", `/api/v1/jobs/${this.getAttribute("job")}/missing?limit=20`);
      const lines = items.map((item) => element("li", {}, element("a", { href: url(`/items/${item.id}`) }, item.address)));
      place.replaceChildren(lines.length ? element("ol", { class: "gone-list mono" }, ...lines) : "None of them can be shown any more.");
    } catch (problem) {
      place.textContent = `${problem.message} ${problem.advice}`;
    }
  }
}

customElements.define("m-missing", Missing);
