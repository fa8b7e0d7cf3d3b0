/** <m-when>: a time in the reader's own zone and language; without script it stays in UTC. */
import { when } from "./facts.js";

class When extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    if (!time) return;
    time.title = time.dateTime;
    time.textContent = when(time.dateTime) || time.textContent;
  }
}

customElements.define("m-when", When);
