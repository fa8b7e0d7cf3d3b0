/**
 * <m-form>: sends the form inside it as JSON and shows a problem in its [data-problem] box, at the field at fault.
 *
 * A name with dots nests (`credentials.kind`). data-type: int, list (one a line), tristate. data-empty: omit or null.
 * data-unsent: steers the page only.
 * data-key-encoding: the field holds a key that was escaped (m-objects sets it), and the body says so.
 * On the form: data-done, where to go then (`/stores/{name}` with fields of the answer); data-once, the field of the answer
 * that is shown once. A problem with a `report` goes to the <m-probe> inside, and [data-force] appears. The field at fault is
 * the one that the problem names, or that stands for it (data-stands-for), or that such a finding is laid to (data-faults).
 * [data-doing] says what goes on meanwhile; a `note` of the answer is told on the next page.
 */
import { visitPath } from "./navigation.js";
import { notify } from "./notice.js";
import { showOnce } from "./once.js";
import { call, fill } from "./server.js";

const TYPES = {
  int: (text) => Number(text),
  list: (text) => text.split(/\r?\n/).filter(Boolean),
  tristate: (text) => ({ true: true, false: false })[text] ?? null,
};

function put(body, name, value) {
  const path = name.split(".");
  const last = path.pop();
  const place = path.reduce((inner, part) => (inner[part] ??= {}), body);
  place[last] = value;
}

/** The fields of a form as an object; those of hidden (disabled) parts are left out. */
export function values(form, submitter) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.matches(":disabled") || field.tagName === "BUTTON") continue;
    if ("unsent" in field.dataset || (field.type === "radio" && !field.checked)) continue;
    const { type, empty, keyEncoding } = field.dataset;
    if (keyEncoding) put(body, "key_encoding", keyEncoding);
    if (field.type === "checkbox") put(body, field.name, field.checked);
    else if (field.multiple && field.options) put(body, field.name, [...field.selectedOptions].map((one) => one.value));
    else if (field.value === "" && empty) { if (empty === "null") put(body, field.name, null); }
    else put(body, field.name, type ? TYPES[type](field.value) : field.value);
  }
  if (submitter?.name) put(body, submitter.name, submitter.value === "true" ? true : submitter.value);
  return body;
}

const words = (text) => (text ?? "").split(" ");
const lastPart = (name) => name.split(".").pop();

/** The field that a problem is about; of several that a finding is laid to, the last. */
function atFault(form, { field, report }) {
  const open = [...form.elements].filter((one) => one.name && one.type !== "hidden" && !one.matches(":disabled"));
  const line = report?.lines.find((one) => one.required && ["missing", "unknown"].includes(one.finding));
  return (field && (open.find((one) => one.name === field)
    ?? open.find((one) => lastPart(one.name) === lastPart(field) || words(one.dataset.standsFor).includes(lastPart(field)))))
    || (line && open.findLast((one) => words(one.dataset.faults).includes(line.finding)));
}

class Form extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#send(event.target, event.submitter);
    }, { capture: true });
  }

  async #send(form, submitter) {
    if (this.hasAttribute("busy")) return;
    this.#problem(form, null);
    this.#busy(form, submitter, true);
    try {
      const answer = await call((form.dataset.method ?? form.getAttribute("method")).toUpperCase(), form.getAttribute("action"), { body: values(form, submitter) });
      this.#done(form, answer);
    } catch (problem) {
      this.#problem(form, problem);
    } finally {
      this.#busy(form, submitter, false);
    }
  }

  async #done(form, answer) {
    const { done, once, onceText } = form.dataset;
    form.closest("dialog")?.close();
    if (once) return showOnce(onceText, once.split(".").reduce((inner, part) => inner?.[part], answer));
    await visitPath(done ? fill(done, answer) : "reload");
    if (answer?.note) notify(answer.note);
    return undefined;
  }

  #busy(form, submitter, busy) {
    this.toggleAttribute("busy", busy);
    form.setAttribute("aria-busy", busy);
    const doing = form.querySelector("[data-doing]");
    if (doing) doing.textContent = busy ? doing.dataset.doing : "";
    if (!submitter) return;
    submitter.setAttribute("aria-disabled", busy);
    if (!submitter.dataset.busy) return;
    submitter.dataset.idle ??= submitter.textContent;
    submitter.textContent = busy ? submitter.dataset.busy : submitter.dataset.idle;
  }

  #problem(form, problem) {
    const box = form.querySelector("[data-problem]");
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    box.hidden = !problem;
    const probe = form.querySelector("m-probe");
    if (probe) probe.show(problem?.more?.report ?? null);
    const force = form.querySelector("[data-force]");
    if (force) force.hidden = !problem?.more?.report;
    if (!problem) return;
    box.querySelector("[data-detail]").textContent = problem.message;
    box.querySelector("[data-advice]").textContent = problem.advice ?? "";
    const field = atFault(form, problem.more ?? {});
    if (field) { field.setAttribute("aria-invalid", "true"); field.focus(); } else box.focus();
    box.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("m-form", Form);
