/**
 * <m-objects store prefix>: walks through the prefixes of a store, as the provider lists them.
 *
 * In a form: store-from, the id of the field that names the store; prefix-to, the id of the field that gets the prefix.
 */
import { bytes, element, icon } from "./facts.js";
import { call } from "./server.js";

class Objects extends HTMLElement {
  #prefix = "";
  #encoding = "";
  #abort = null;

  connectedCallback() {
    this.#prefix = this.getAttribute("prefix") ?? "";
    this.#from?.addEventListener("change", () => this.#open(""));
    this.#open(this.#prefix, { quiet: true });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #from() { return document.getElementById(this.getAttribute("store-from")); }
  get #to() { return document.getElementById(this.getAttribute("prefix-to")); }
  get #store() { return this.#from?.value ?? this.getAttribute("store"); }

  /** Shows a prefix; `encoding` is "escaped" for one that is no UTF-8, as the server wrote it. */
  #open(prefix, { quiet = false, encoding = "" } = {}) {
    [this.#prefix, this.#encoding] = [prefix, encoding];
    if (this.#to && !quiet) {
      this.#to.value = prefix;
      if (encoding) this.#to.dataset.keyEncoding = encoding;
      else delete this.#to.dataset.keyEncoding;
    }
    this.list = element("ul", { class: "objects-list", tabindex: "0", "aria-label": "Prefixes and objects" });
    this.replaceChildren(this.#trail(), this.list);
    this.#more(null);
  }

  /** The prefix, part by part, each a button that goes there. */
  #trail() {
    const encoding = this.#encoding;
    const parts = this.#prefix.split("/").slice(0, -1);
    const button = (label, prefix) => {
      const made = element("button", { type: "button", class: "button quiet small" }, label);
      made.addEventListener("click", () => this.#open(prefix, { encoding: prefix && encoding }));
      return made;
    };
    const steps = parts.map((part, at) => button(`${part || "(empty)"}/`, `${parts.slice(0, at + 1).join("/")}/`));
    return element("div", { class: "objects-trail", role: "group", "aria-label": "Prefix" }, button(this.#store, ""), ...steps);
  }

  async #more(after) {
    this.#abort?.abort();
    this.#abort = new AbortController();
    const query = new URLSearchParams({ prefix: this.#prefix, delimiter: "/", limit: 200, ...(this.#encoding && { key_encoding: this.#encoding }), ...(after !== null && { after }) });
    try {
      const path = `/api/v1/stores/${encodeURIComponent(this.#store)}/objects?${query}`;
      const page = await call("GET", path, { signal: this.#abort.signal });
      this.list.append(...page.prefixes.map((row) => this.#folder(row)), ...page.objects.map((object) => this.#object(object)));
      if (page.next) this.list.append(this.#further(page.next));
      if (!this.list.children.length) this.list.append(element("li", { class: "soft" }, "Nothing here."));
    } catch (problem) {
      if (problem.name !== "AbortError") this.list.append(element("li", {}, element("b", {}, problem.message), " ", problem.advice ?? ""));
    }
  }

  #folder({ prefix, key_encoding: encoding }) {
    const button = element("button", { type: "button" }, icon("folder"), element("span", {}, prefix.slice(this.#prefix.length)));
    button.addEventListener("click", () => this.#open(prefix, { encoding }));
    return element("li", {}, button);
  }

  #object({ key, size }) {
    return element("li", {}, element("span", { class: "object" }, icon("file"), element("span", {}, key.slice(this.#prefix.length) || "(no name)"), element("span", { class: "faint num" }, bytes(size))));
  }

  #further(next) {
    const button = element("button", { type: "button", class: "button small" }, "More");
    const place = element("li", {}, button);
    button.addEventListener("click", () => { place.remove(); this.#more(next); });
    return place;
  }
}

customElements.define("m-objects", Objects);
