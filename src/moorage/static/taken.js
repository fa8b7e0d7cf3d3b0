/** What to do with files whose names a folder has already: one dialog, name by name or for all at once. */
import { element, number } from "./facts.js";

const ANSWERS = [["skip", "Skip"], ["both", "Keep both"], ["replace", "Replace"]];

/** `photo (2).jpg` */
const second = (name) => name.replace(/(\.[^.]*)?$/, (ending) => ` (2)${ending}`);

/**
 * Ask about each of `names` in `folder`. A map from name to "replace", "both" or "skip"; null when the person turns away,
 * and nothing is to be sent then.
 */
export async function askTaken(folder, names) {
  const answers = new Map();
  const title = element("h2", { id: "taken", tabindex: "-1" });
  const text = element("p", { class: "soft" });
  const all = element("input", { type: "checkbox", id: "taken-all" });
  const rest = element("span");
  const same = element("label", { class: "check" }, all, rest);
  const buttons = ANSWERS.map(([value, label]) => element("button", { class: `button ${value === "both" ? "main" : ""}`, value, autofocus: value === "both" }, label));
  const dialog = element("dialog", { class: "taken", "aria-labelledby": "taken" }, element("form", { method: "dialog" }, title, text, same,
    element("div", { class: "buttons" }, element("button", { class: "button quiet", value: "" }, "Send nothing"), ...buttons)));
  document.body.append(dialog);
  try {
    for (const [at, name] of names.entries()) {
      if (answers.has(name)) continue;
      const left = names.length - at;
      title.textContent = `${name} is in ${folder.name} already`;
      text.textContent = `Replace puts your file in its place. Keep both stores yours as ${second(name)}. Skip leaves yours out.`;
      same.hidden = left < 2;
      rest.textContent = `Do the same for all ${number(left)} files whose names are taken`;
      const answer = await asked(dialog);
      if (!answer) return null;
      for (const one of all.checked ? names.slice(at) : [name]) answers.set(one, answer);
    }
    return answers;
  } finally {
    dialog.remove();
  }
}

function asked(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
