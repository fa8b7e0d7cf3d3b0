/**
 * <m-upload folder name shut>: puts files into a folder, by its button ([data-put] anywhere on the page) and by dropping them
 * anywhere on the page. `shut`: why none can come; the button then explains it.
 */
import { element, icon } from "./facts.js";
import { notify } from "./notice.js";
import { LARGEST, queue } from "./sending.js";
import { call } from "./server.js";
import { askTaken } from "./taken.js";
import "./tray.js";

const ASKED_AT_ONCE = 1000;
const TOO_LARGE = { title: "Larger than 5 GiB: one upload carries at most that.", advice: "Put it into the store with the store's own tools, and mirror it here." };
const NO_FOLDERS = { title: "Folders cannot be dropped yet.", advice: "Drop the files in it, or send all of it with: moorage cp -r" };

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

class Upload extends HTMLElement {
  #leave = null;
  #over = null;

  connectedCallback() {
    const { signal } = this.#leave = new AbortController();
    const chooser = element("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to put here" });
    chooser.addEventListener("change", () => { this.#put([...chooser.files]); chooser.value = ""; });
    if (!this.hasAttribute("shut")) this.append(chooser);
    document.addEventListener("click", (event) => { if (event.target.closest("[data-put]")) chooser.click(); }, { signal });
    for (const kind of ["dragenter", "dragover"]) window.addEventListener(kind, (event) => this.#drag(event), { signal });
    window.addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.#show(false); }, { signal });
    window.addEventListener("drop", (event) => this.#drop(event), { signal });
  }

  disconnectedCallback() {
    this.#leave.abort();
    this.#show(false);
    this.querySelector("input[type=file]")?.remove();
  }

  get #folder() { return { id: this.getAttribute("folder"), name: this.getAttribute("name") }; }

  #drag(event) {
    if (!carriesFiles(event) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = this.hasAttribute("shut") ? "none" : "copy";
    this.#show(true);
  }

  #drop(event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    this.#show(false);
    if (document.querySelector("dialog[open]")) return;
    if (this.hasAttribute("shut")) { this.querySelector("button").click(); return; }
    const files = [];
    // The entries are there as long as the event only.
    for (const one of event.dataTransfer.items) {
      const file = one.kind === "file" ? one.getAsFile() : null;
      if (!file) continue;
      if (one.webkitGetAsEntry?.()?.isDirectory) queue.refuse(this.#folder, file, NO_FOLDERS);
      else files.push(file);
    }
    this.#put(files);
  }

  /** Say, while files hang over the page, where they would go. */
  #show(on) {
    if (Boolean(this.#over) === on) return;
    this.#over?.remove();
    const shut = this.getAttribute("shut");
    this.#over = !on ? null : element("div", { class: `drop-here ${shut ? "shut" : ""}`, "aria-hidden": "true" },
      element("div", {}, icon(shut ? "cross" : "put"), element("b", {}, shut ? "Files cannot be put here" : `Drop to put into ${this.#folder.name}`), shut ? element("span", {}, shut) : ""));
    if (on) document.body.append(this.#over);
  }

  /** Send files, once it is known what to do with names that are taken. */
  async #put(files) {
    const folder = this.#folder;
    for (const file of files.filter(({ size }) => size > LARGEST)) queue.refuse(folder, file, TOO_LARGE);
    const fit = files.filter(({ size }) => size <= LARGEST);
    if (!fit.length) return;
    try {
      const taken = await takenOf(folder, fit.map(({ name }) => name));
      const answers = taken.length ? await askTaken(folder, taken) : new Map();
      if (answers) queue.add(folder, fit.filter(({ name }) => answers.get(name) !== "skip"), (name) => answers.get(name) ?? "refuse");
    } catch (problem) {
      notify(`${problem.message} ${problem.advice ?? ""} Nothing was sent.`, { bad: true });
    }
  }
}

/** Those of `names` that the folder has already. */
async function takenOf(folder, names) {
  const taken = [];
  for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
    const answer = await call("POST", `/api/v1/folders/${folder.id}/taken`, { body: { names: names.slice(at, at + ASKED_AT_ONCE) } });
    taken.push(...answer.taken);
  }
  return taken;
}

customElements.define("m-upload", Upload);
