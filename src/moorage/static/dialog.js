/** Dialogs: <m-dialog for="id"> opens one by its button; `ask` puts a question and waits for the answer. */
import { element } from "./facts.js";

class Opener extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => document.getElementById(this.getAttribute("for"))?.showModal());
  }
}

document.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest("dialog")?.close());

/** Ask; true when the person says yes. `grave`: the answer removes something. */
export function ask(question, { yes = "Yes", grave = false } = {}) {
  const no = element("button", { class: "button quiet", value: "no", autofocus: grave }, "Not now");
  const go = element("button", { class: `button main ${grave ? "bad" : ""}`, value: "yes", autofocus: !grave }, yes);
  const text = element("p", { id: "question" }, question);
  const dialog = element("dialog", { "aria-labelledby": "question" }, element("form", { method: "dialog" }, text, element("div", { class: "buttons" }, no, go)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }, { once: true }));
}

customElements.define("m-dialog", Opener);
