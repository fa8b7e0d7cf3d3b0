/** <m-filter for="grid id">: a form whose fields steer an m-grid at once; the address follows, so that it can be shared. */
const TYPING_MS = 250;
const DEFAULTS = { view: "grid", sort: "name", order: "asc", kind: "", prefix: "" };

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
    const values = { ...DEFAULTS, ...Object.fromEntries(new FormData(this.querySelector("form"))) };
    const changed = new URLSearchParams(Object.entries(values).filter(([name, value]) => value !== DEFAULTS[name]));
    const query = changed.size ? `?${changed}` : "";
    history.replaceState(history.state, "", location.pathname + query);
    for (const [name, value] of Object.entries(values)) {
      if (this.#grid.getAttribute(name) !== value) this.#grid.setAttribute(name, value);
    }
  }
}

customElements.define("m-filter", Filter);
