/**
 * <m-filter for="grid id">: a form whose fields steer an m-grid at once; the address follows, so that it can be shared.
 *
 * data-of-live: a field that has no say where tombstones are listed.
 */
const TYPING_MS = 250;
const DEFAULTS = { view: "grid", sort: "name", order: "asc", kind: "", prefix: "", state: "live" };

class Filter extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.addEventListener("input", (event) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#apply(), event.target.type === "search" ? TYPING_MS : 0);
    });
    this.addEventListener("submit", (event) => { event.preventDefault(); event.stopImmediatePropagation(); this.#apply(); }, { capture: true });
    document.addEventListener("m-where", this.#where);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener("m-where", this.#where);
  }

  get #grid() { return document.getElementById(this.getAttribute("for")); }

  #where = (event) => {
    const place = this.querySelector("[data-where]");
    if (place && event.target.id === this.getAttribute("for")) place.textContent = event.detail;
  };

  #apply() {
    const form = this.querySelector("form");
    for (const field of form.querySelectorAll("[data-of-live]")) field.disabled = form.elements.state.checked;
    const values = { ...DEFAULTS, ...Object.fromEntries(new FormData(form)) };
    const changed = new URLSearchParams(Object.entries(values).filter(([name, value]) => value !== DEFAULTS[name]));
    const query = changed.size ? `?${changed}` : "";
    history.replaceState(history.state, "", location.pathname + query);
    for (const [name, value] of Object.entries(values)) {
      if (this.#grid.getAttribute(name) !== value) this.#grid.setAttribute(name, value);
    }
  }
}

customElements.define("m-filter", Filter);
