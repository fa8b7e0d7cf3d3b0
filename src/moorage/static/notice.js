/** Short notices at the foot of the page; screen readers say them. */
import { element } from "./facts.js";

const SHOWN_MS = 8000;

export function notify(text, { bad = false } = {}) {
  const notice = element("div", { class: `notice ${bad ? "bad" : ""}` }, text);
  document.getElementById("notices")?.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}
