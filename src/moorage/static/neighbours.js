/**
 * <m-neighbours folder item>: links to the items before and after this one, in the order of the list that led here.
 *
 * The list put its order and place into the address: #at=120&sort=name&order=asc. Left and right arrow keys follow them.
 */
import { visit } from "./navigation.js";
import { call, url } from "./server.js";

class Neighbours extends HTMLElement {
  #keys = null;

  connectedCallback() {
    const query = new URLSearchParams(location.hash.slice(1));
    if (!query.has("at")) return;
    this.#keys = new AbortController();
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.#keys.signal });
    this.#find(query);
  }

  disconnectedCallback() { this.#keys?.abort(); }

  async #find(query) {
    const at = Number(query.get("at"));
    // From one row before; where that is a folder, the server may begin at the first of them, so from here then.
    const items = (at && (await this.#items(query, at - 1, 3))) || (await this.#items(query, at, 2));
    if (!items || !this.isConnected) return;
    const here = items.findIndex((item) => item.id === this.getAttribute("item"));
    this.hidden = false;
    this.#link("[data-back]", items[here - 1], query, at - 1);
    this.#link("[data-on]", items[here + 1], query, at + 1);
  }

  /** The items of a short page, if this one is among them. */
  async #items(query, at, limit) {
    const part = new URLSearchParams(query);
    part.set("at", at);
    part.set("limit", limit);
    const page = await call("GET", `/api/v1/folders/${this.getAttribute("folder")}/children?${part}`).catch(() => null);
    return page?.items.some((item) => item.id === this.getAttribute("item")) ? page.items : null;
  }

  #link(selector, item, query, at) {
    const link = this.querySelector(selector);
    if (!item) { link.setAttribute("role", "link"); link.setAttribute("aria-disabled", "true"); return; }
    const place = new URLSearchParams(query);
    place.set("at", at);
    link.href = `${url(`/items/${item.id}`)}#${place}`;
    window.htmx?.process(this);
  }

  #key(event) {
    if (event.target.closest?.("input, textarea, select, video, dialog, [role=grid]") || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const link = this.querySelector({ ArrowLeft: "[data-back]", ArrowRight: "[data-on]" }[event.key] ?? "none");
    if (link?.getAttribute("href")) visit(link.getAttribute("href"));
  }
}

customElements.define("m-neighbours", Neighbours);
