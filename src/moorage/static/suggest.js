/**
 * <m-suggest>: helps with the form that shows a place. What an address is, chooses the tab; what the server knows of it fills in
 * the project's name (until a person typed one), hides the keys where a store has them, and tells of a place that is shown already.
 */
import { element } from "./facts.js";
import { call, url } from "./server.js";

const TYPING_MS = 300;

/** The tab that an address belongs to by its looks; undefined: either. */
const placeOf = (address) => (/^(s3|https?):\/\//i.test(address) ? "bucket" : /^(\/|file:)/i.test(address) ? "folder" : undefined);

class Suggest extends HTMLElement {
  #timer = 0;
  #asked = null;
  #typed = { folder: "", bucket: "" };
  #named = false;

  connectedCallback() {
    this.form = this.querySelector("form");
    [this.address, this.project] = ["address", "project"].map((name) => this.form.elements.namedItem(name));
    this.#named = this.project.value !== "";
    this.address.addEventListener("input", () => this.#readAddress());
    this.project.addEventListener("input", () => { this.#named = this.project.value !== ""; });
    this.form.addEventListener("change", (event) => { if (event.target.name === "place") this.#turn(event.target.value); });
    this.form.addEventListener("input", () => this.#readKeys());
    this.#readKeys();
    if (this.address.value) this.#readAddress(); // typed before the scripts came
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  get #place() { return this.form.elements.namedItem("place").value; }

  /** What was typed belongs to its tab, and is there again when the person comes back to it. */
  #turn(place) {
    if (placeOf(this.address.value.trim()) !== place) {
      this.#typed[place === "bucket" ? "folder" : "bucket"] = this.address.value;
      this.address.value = this.#typed[place];
    }
    this.#later();
  }

  #readAddress() {
    const place = placeOf(this.address.value.trim()) ?? this.#place;
    if (place === this.#place) return this.#later();
    const radio = this.form.querySelector(`[name=place][value=${place}]`);
    radio.checked = true;
    return radio.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Keys are sent together or not at all. */
  #readKeys() {
    const keys = this.form.querySelectorAll("[data-keys] .input");
    const some = [...keys].some((field) => field.value !== "");
    for (const field of keys) field.required = some;
    this.form.querySelector("[data-with-keys]").disabled = !some;
  }

  #later() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#timer = setTimeout(() => this.#ask(), TYPING_MS);
  }

  async #ask() {
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const address = this.address.value.trim();
    // Half an address is no fault yet: the button tells of one that stays wrong.
    const found = address && await call("POST", "/api/v1/mirrors/suggest", { body: { address }, signal }).catch(() => null);
    if (!signal.aborted && this.isConnected) this.#show(found || {});
  }

  #show({ store = null, project = "", needs_credentials: needs = true, folder = null }) {
    if (!this.#named) this.project.value = project;
    const keys = this.querySelector("[data-keys]");
    keys.hidden = keys.disabled = store !== null || !needs;
    const news = this.querySelector("[data-news]");
    if (folder) news.replaceChildren("These pictures are shown already: ", element("a", { href: url(`/folders/${folder}`) }, "open their folder"), ".");
    else if (store) news.replaceChildren("Moorage can read there already: the store ", element("a", { href: url(`/stores/${store}`) }, store), " is used, with its keys.");
    else news.replaceChildren();
    window.htmx?.process(news);
  }
}

customElements.define("m-suggest", Suggest);
