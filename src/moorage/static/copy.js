/** <m-copy value>: its button copies the value. */
import { notify } from "./notice.js";

/** The clipboard needs a secure page; where there is none, a selection does. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
  return undefined;
}

class Copy extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => copy(this.getAttribute("value")).then(() => notify("Copied."), () => notify("The browser did not let us copy. Select the text instead.", { bad: true })));
  }
}

customElements.define("m-copy", Copy);
