/** Moving between pages: htmx fetches the whole next page and swaps the body, so that all of it is the server's. */
import { url } from "./server.js";

const VERSION = /<meta name="moorage-version" content="([^"]*)"/;
const version = document.querySelector('meta[name="moorage-version"]')?.content;

/** Go to an address of this server, or to "reload" the page that is shown. */
export function visit(address) {
  const place = address === "reload" ? location.pathname + location.search + location.hash : address;
  if (!window.htmx) { location.assign(place); return undefined; }
  const kind = address === "reload" ? { replace: place } : { push: place };
  return window.htmx.ajax("GET", place, { target: "body", swap: "innerHTML show:top", ...kind });
}

/** `visit` for a path without the public prefix. */
export const visitPath = (path) => visit(path === "reload" ? path : url(path));

const isPage = (ctx) => !ctx.target || ctx.target === document.body || ctx.target === "body";

/** On a narrow screen the navigation scrolls: show where we are. */
function showCurrent() {
  const current = document.querySelector(".top [aria-current]");
  const nav = current?.closest("nav");
  if (nav) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
}

/** After a page came: its heading takes the focus, so that keyboards and screen readers start there. */
function arrive() {
  const wished = document.querySelector("main [autofocus]:not(dialog *)");
  const place = wished ?? document.querySelector("main h1") ?? document.getElementById("main");
  if (!place) return;
  if (!wished) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

const leave = (ctx) => location.assign(ctx.response?.raw?.url || ctx.request.action);

document.addEventListener("htmx:before:request", () => document.documentElement.classList.add("loading"));
document.addEventListener("htmx:finally:request", () => document.documentElement.classList.remove("loading"));
document.addEventListener("htmx:error", ({ detail }) => { if (detail.ctx?.request && detail.error?.name !== "AbortError") leave(detail.ctx); });
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  // A newer server has newer scripts and styles: load all of its page.
  if (isPage(ctx) && ctx.text?.match(VERSION)?.[1] !== version) { event.preventDefault(); leave(ctx); }
});
document.addEventListener("htmx:after:swap", ({ detail }) => { if (isPage(detail.ctx)) { showCurrent(); arrive(); } });
showCurrent();
