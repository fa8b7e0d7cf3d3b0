/** A secret that is shown once: in a dialog, with a button that copies it. */
import { element } from "./facts.js";
import { visit } from "./navigation.js";

export function showOnce(text, secret) {
  const copy = element("m-copy", { value: secret }, element("button", { type: "button", class: "button small" }, "Copy"));
  const close = element("button", { class: "button main", autofocus: true }, "Done");
  const dialog = element("dialog", { "aria-labelledby": "once" }, element("form", { method: "dialog" },
    element("p", { id: "once" }, text),
    element("div", { class: "once" }, element("output", {}, secret), element("div", {}, copy)),
    element("div", { class: "buttons" }, close)));
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); visit("reload"); }, { once: true });
  dialog.showModal();
}
