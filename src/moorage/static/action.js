/**
 * <m-action method path body confirm button grave done once>: a button that makes one call of the API.
 *
 * confirm: asked first, answered with a button that says `button`. done: where to go then, "reload", or nothing.
 * once: the answer's `url` or `link.url` is shown once under this text.
 */
import { ask } from "./dialog.js";
import { visitPath } from "./navigation.js";
import { notify } from "./notice.js";
import { showOnce } from "./once.js";
import { call, fill } from "./server.js";

class Action extends HTMLElement {
  connectedCallback() { this.addEventListener("click", () => this.#run()); }

  async #run() {
    const button = this.querySelector("button");
    const question = this.getAttribute("confirm");
    if (button.disabled) return;
    if (question && !(await ask(question, { yes: this.getAttribute("button") ?? "Yes", grave: this.hasAttribute("grave") }))) return;
    button.disabled = true;
    try {
      const body = this.hasAttribute("body") ? JSON.parse(this.getAttribute("body")) : undefined;
      this.#done(await call(this.getAttribute("method"), this.getAttribute("path"), { body }));
    } catch (problem) {
      notify(`${problem.message} ${problem.advice ?? ""}`.trim(), { bad: true });
    } finally {
      button.disabled = false;
    }
  }

  #done(answer) {
    const { once, done } = { once: this.getAttribute("once"), done: this.getAttribute("done") };
    if (once) showOnce(once, answer.url ?? answer.link?.url);
    else if (done) visitPath(fill(done, answer));
    const card = this.closest("m-job");
    if (card && answer?.state) card.update(answer);
  }
}

customElements.define("m-action", Action);
