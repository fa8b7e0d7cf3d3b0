/**
 * <m-suggest>: helps with the form that shows a place. What an address is, chooses the tab; what the server knows of it fills in
 * the project's name (until a person typed one), hides the keys where a store has them, and tells of a place that is shown already.
 */
import { element } from "./facts.js";
import { call, url } from "./server.js";

const TYPING_MS = 300;

const LOOKS = [
  ["folder", /^(\/|file:)/i],
  ["azure", /^((azure|az|abfss?|wasbs?):\/\/|https?:\/\/[^/]*\.(blob|dfs)\.(core\.|storage\.azure\.))/i],
  ["google", /^((google|gs|gcs):\/\/|https?:\/\/([^/]*\.)?storage\.(googleapis|cloud\.google)\.com(\/|$))/i],
  ["bucket", /^(s3|minio|https?):\/\//i],
];

/** The tab that an address belongs to by its looks; undefined: any. */
const placeOf = (address) => LOOKS.find(([, looks]) => looks.test(address))?.[0];

/** What a secret of Azure is by its looks: its kind, and the field that it goes into. */
const azureKind = (secret) => (/(AccountKey|SharedAccessSignature|UseDevelopmentStorage)=/i.test(secret) ? ["connection_string", "value"]
  : /(^|[?&])sig=/.test(secret) ? ["sas", "token"] : ["account_key", "key"]);

class Suggest extends HTMLElement {
  #timer = 0;
  #asked = null;
  #typed = {};
  #shown = "folder";
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
      this.#typed[this.#shown] = this.address.value;
      this.address.value = this.#typed[place] ?? "";
    }
    this.#shown = place;
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
    for (const part of this.form.querySelectorAll("[data-keys]")) {
      const keys = [...part.querySelectorAll(".input")];
      const some = keys.some((field) => field.value !== "");
      for (const field of keys) field.required = some;
      const kind = part.querySelector("[data-with-keys]");
      kind.disabled = !some;
      const secret = part.querySelector("[data-azure]");
      if (secret) [kind.value, secret.name] = azureKind(secret.value).map((word, at) => (at ? `credentials.${word}` : word));
    }
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
    for (const keys of this.querySelectorAll("[data-keys]")) keys.hidden = keys.disabled = store !== null || !needs;
    const news = this.querySelector("[data-news]");
    if (folder) news.replaceChildren("These pictures are shown already: ", element("a", { href: url(`/folders/${folder}`) }, "open their folder"), ".");
    else if (store) news.replaceChildren("Moorage can read there already: the store ", element("a", { href: url(`/stores/${store}`) }, store), " is used, with its keys.");
    else news.replaceChildren();
    window.htmx?.process(news);
  }
}

customElements.define("m-suggest", Suggest);
