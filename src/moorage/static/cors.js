/**
 * <m-cors store>: what the bucket lets pages of this server do, the difference to what they need, and a try from here.
 *
 * [data-look] compares, [data-apply] (hidden until there is a difference) changes the bucket, [data-try] fetches one byte
 * of a signed URL with this very browser. What is found goes into [data-found] and [data-tried].
 */
import { element, icon } from "./facts.js";
import { notify } from "./notice.js";
import { call } from "./server.js";

const NEEDED = ["etag", "content-range", "content-length", "accept-ranges", "last-modified"];

const finding = (good, text) => element("span", { class: `finding ${good ? "ok" : "missing"}` }, icon(good ? "check" : "cross"), element("span", {}, text));

function ruleLine(mark, { id, origins, methods, request_headers: sent, exposed_headers: read, max_age_s: age }) {
  const words = [`${methods.join(", ")} from ${origins.join(", ")}`];
  if (sent.length) words.push(`may send ${sent.join(", ")}`);
  if (read.length) words.push(`may read ${read.join(", ")}`);
  return `${mark} ${id ? `${id}: ` : ""}${words.join("; ")}; kept ${age} s`;
}

/** The rules before and after, as lines that go, stay and come. */
function difference({ rules, after }) {
  const known = (list, rule) => list.some((one) => JSON.stringify(one) === JSON.stringify(rule));
  const before = rules.map((rule) => ruleLine(known(after, rule) ? " " : "-", rule));
  return [...before, ...after.filter((rule) => !known(rules, rule)).map((rule) => ruleLine("+", rule))].join("\n");
}

function lackLine({ origin, method, refused, request_headers: sent, exposed_headers: read }) {
  if (refused) return `${method} from ${origin} is not let in.`;
  const words = [];
  if (sent.length) words.push(`may not send ${sent.join(", ")}`);
  if (read.length) words.push(`may not read ${read.join(", ")}`);
  return `Pages of ${origin} ${words.join(" and ")} with ${method}.`;
}

/** What the answer to a ranged fetch of a signed URL tells, one sentence each, the first one with its verdict. */
export async function tried({ url, sent }) {
  let response;
  try {
    response = await fetch(url, { headers: { Range: "bytes=0-0" }, mode: "cors", credentials: "omit", cache: "no-store" });
  } catch {
    const reached = await fetch(url, { mode: "no-cors", credentials: "omit", cache: "no-store" }).then(() => true, () => false);
    return reached
      ? [false, `This browser reaches the bucket, and the bucket does not let pages of ${location.origin} in: the answer has no Access-Control-Allow-Origin for them.`]
      : [false, "This browser does not reach the bucket at all. Its name, the network between, or plain http on a page of https stands in the way."];
  }
  await response.body?.cancel();
  if (response.status !== 206) return [false, `The bucket answered ${response.status} and not a part of the object: Range was ignored or refused.`];
  const hidden = NEEDED.filter((name) => sent.includes(name) && response.headers.get(name) === null);
  if (hidden.length) return [false, ...hidden.map((name) => `The bucket sends ${name}, and does not let pages read it: it is not among the exposed headers.`)];
  return [true, `This browser read a part of an object straight from the bucket, and each header that is needed: ${NEEDED.filter((name) => sent.includes(name)).join(", ")}.`];
}

class Cors extends HTMLElement {
  connectedCallback() {
    this.#on("[data-look]", "Comparing…", () => this.#look("GET"));
    this.#on("[data-apply]", "Changing…", () => this.#look("POST"));
    this.#on("[data-try]", "Trying…", () => this.#try());
  }

  get #path() {
    return `/api/v1/stores/${encodeURIComponent(this.getAttribute("store"))}/cors`;
  }

  #on(selector, busy, work) {
    const button = this.querySelector(selector);
    button?.addEventListener("click", async () => {
      const label = button.textContent;
      button.disabled = true;
      button.textContent = busy;
      try {
        await work();
      } catch (problem) {
        notify(`${problem.message} ${problem.advice ?? ""}`.trim(), { bad: true });
      } finally {
        button.disabled = false;
        button.textContent = label;
      }
    });
  }

  async #look(method) {
    const found = await call(method, this.#path, method === "GET" ? {} : { body: {} });
    const lines = [
      element("p", {}, finding(found.enough, found.enough ? "Browsers are let in as they need to be." : "Something is lacking for browsers.")),
      element("ul", { class: "plain" },
        ...found.browser.map(({ origin, method: asked, passes }) => element("li", {}, finding(passes, `${asked} from ${origin}: ${passes ? "let in" : "refused"}`))),
        ...found.lacks.map((lack) => element("li", {}, lackLine(lack)))),
      ...[found.unread, ...found.notes].filter(Boolean).map((text) => element("p", { class: "soft" }, text)),
    ];
    if (found.changes) {
      lines.push(element("p", {}, "Applying changes the rules of the bucket so (− goes, + comes, the others stay):"));
      lines.push(element("pre", { class: "code", tabindex: "0", "aria-label": "Difference of the rules" }, difference(found)));
    }
    if (found.applied) notify("The bucket has the rules now.");
    this.querySelector("[data-found]").replaceChildren(...lines);
    const apply = this.querySelector("[data-apply]");
    if (apply) apply.hidden = !found.changes;
  }

  async #try() {
    const [good, ...sentences] = await tried(await call("POST", `${this.#path}/trial`));
    this.querySelector("[data-tried]").replaceChildren(
      element("ul", { class: "plain" }, ...sentences.map((text) => element("li", {}, finding(good, text)))));
  }
}

customElements.define("m-cors", Cors);
