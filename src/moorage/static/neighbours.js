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
    const first = Math.max(0, at - 1);
    const around = new URLSearchParams([...query].filter(([name]) => name !== "at"));
    around.set("at", first);
    around.set("limit", at - first + 2);
    const page = await call("GET", `/api/v1/folders/${this.getAttribute("folder")}/children?${around}`).catch(() => null);
    const here = page?.items.findIndex((item) => item.id === this.getAttribute("item")) ?? -1;
    if (here < 0 || !this.isConnected) return;
    this.hidden = false;
    this.#link("[data-back]", page.items[here - 1], query, at - 1);
    this.#link("[data-on]", page.items[here + 1], query, at + 1);
  }

  #link(selector, item, query, at) {
    const link = this.querySelector(selector);
    if (!item) { link.setAttribute("aria-disabled", "true"); return; }
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
