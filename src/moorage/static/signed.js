/** <m-signed item>: makes a signed URL for as long as its select says, shows it with its end, and copies it. */
import { copy } from "./copy.js";
import { when } from "./facts.js";
import { call } from "./server.js";

class Signed extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", (event) => this.#make(event.currentTarget));
  }

  async #make(button) {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    const [line, said] = [this.querySelector("[data-line]"), this.querySelector("[data-said]")];
    try {
      const life = Number(this.querySelector("select").value);
      const { url, expires } = await call("POST", `/api/v1/items/${this.getAttribute("item")}/url`, { body: { expires_in: life } });
      line.textContent = url;
      line.hidden = false;
      said.textContent = `Works until ${when(expires)}, for whoever has it.`;
      await copy(url, { shown: line, button });
    } catch (problem) {
      said.textContent = `${problem.message} ${problem.advice ?? ""}`.trim();
    } finally {
      button.ariaDisabled = null;
    }
  }
}

customElements.define("m-signed", Signed);
