/** <m-copy value for>: its button copies the value; where the browser lets nobody copy, the text in `for` is selected instead. */
import { icon } from "./facts.js";
import { notify } from "./notice.js";

const SHOWN_MS = 2000;

/** The clipboard needs a secure page; where there is none, a selection does. False: neither. */
async function written(text, near) {
  try {
    if (navigator.clipboard) return await navigator.clipboard.writeText(text).then(() => true);
  } catch { /* refused: try the other way */ }
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  field.setAttribute("aria-hidden", "true");
  (near.closest("dialog") ?? document.body).append(field); // behind a dialog nothing can be selected
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

/** For a while the button shows a tick. */
function tick(button) {
  const mark = button?.querySelector("svg");
  if (!mark || button.dataset.ticked) return;
  button.dataset.ticked = "true";
  const tick_ = icon("check");
  mark.replaceWith(tick_);
  setTimeout(() => { tick_.replaceWith(mark); delete button.dataset.ticked; }, SHOWN_MS);
}

/** Copy `text`, and say so; `shown` is the element that shows it, `button` the one that was pressed. */
export async function copy(text, { shown = null, button = null } = {}) {
  if (await written(text, button ?? document.body)) {
    tick(button);
    return notify("Copied.");
  }
  if (!shown) return notify("The browser did not let us copy. Select the text instead.", { bad: true });
  getSelection().selectAllChildren(shown);
  shown.focus({ preventScroll: true });
  return notify("The browser did not let us copy. The text is selected: press Ctrl+C.");
}

class Copy extends HTMLElement {
  connectedCallback() {
    const shown = () => document.getElementById(this.getAttribute("for") ?? "") ?? this.parentElement.querySelector("code, output");
    this.addEventListener("click", () => copy(this.getAttribute("value"), { shown: shown(), button: this.querySelector("button") }));
  }
}

customElements.define("m-copy", Copy);
