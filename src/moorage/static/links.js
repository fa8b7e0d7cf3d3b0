/**
 * <m-links>: sends the list in the form inside it, the text or a file that was chosen or dropped, and goes to the import.
 *
 * The list is the body as it is, so a file of a gigabyte never passes through this page's memory.
 */
import { visitPath } from "./navigation.js";
import { Problem, signIn, url } from "./server.js";

const FLAGS = ["probe"];

class Links extends HTMLElement {
  #file = null;

  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#send(event.target, event.submitter);
    }, { capture: true });
    this.querySelector("[type=file]").addEventListener("change", (event) => this.#choose(event.target.files[0] ?? null));
    const zone = this.querySelector("[data-drop]");
    zone.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
    zone.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.#choose(event.dataTransfer.files[0]);
    });
  }

  #choose(file) {
    this.#file = file;
    const told = this.querySelector("[data-chosen-file]");
    told.textContent = file ? `${file.name} will be sent` : "";
    const text = this.querySelector("textarea");
    text.disabled = Boolean(file);
  }

  async #send(form, submitter) {
    if (this.hasAttribute("busy")) return;
    this.#problem(null);
    const text = form.elements.addresses.value;
    if (!this.#file && !text.trim()) {
      this.#problem(new Problem({ detail: "The list is empty.", advice: "Paste addresses, or choose a file." }));
      form.elements.addresses.focus();
      return;
    }
    this.#busy(submitter, true);
    try {
      const answer = await this.#post(form, submitter?.name === "now", this.#file ?? text);
      await visitPath(`/imports/${answer.id}`);
    } catch (problem) {
      this.#problem(problem);
    } finally {
      this.#busy(submitter, false);
    }
  }

  async #post(form, now, body) {
    const asked = new URLSearchParams({ folder: form.elements.folder.value, keep_directories: form.elements.keep_directories.value });
    for (const flag of FLAGS) if (form.elements[flag].checked) asked.set(flag, "1");
    if (!now) asked.set("dry_run", "1");
    if (this.#file) asked.set("name", this.#file.name.slice(0, 200));
    const table = this.#file?.name.toLowerCase().endsWith(".csv");
    const headers = { Accept: "application/json", "Content-Type": table ? "text/csv" : "text/plain" };
    const address = `${url(new URL(form.action).pathname)}?${asked}`;
    const response = await fetch(address, { method: "POST", headers, body }).catch(() => null);
    if (!response) throw new Problem({ detail: "The list could not be sent. Nothing was linked.", advice: "Look at the network and at the file, then try again." });
    if (response.status === 401) signIn();
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Problem({ ...answer, status: response.status });
    return answer;
  }

  #busy(button, busy) {
    this.toggleAttribute("busy", busy);
    if (!button) return;
    button.setAttribute("aria-disabled", busy);
    button.dataset.idle ??= button.textContent;
    button.textContent = busy ? button.dataset.busy : button.dataset.idle;
  }

  #problem(problem) {
    const box = this.querySelector("[data-problem]");
    box.hidden = !problem;
    if (!problem) return;
    box.querySelector("[data-detail]").textContent = problem.message;
    box.querySelector("[data-advice]").textContent = problem.advice ?? "";
    box.focus();
  }
}

customElements.define("m-links", Links);
