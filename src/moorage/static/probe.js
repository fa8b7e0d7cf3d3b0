/**
 * <m-probe store report short>: what a check found, a line per permission, and a button [data-check] that checks again.
 *
 * short: lines that tell nothing (what was not tried) are left out, and all of it where one line is left, which the problem says.
 */
import { element, icon, when } from "./facts.js";
import { notify } from "./notice.js";
import { call } from "./server.js";

const ICONS = { ok: "check", missing: "cross", unknown: "unknown", skipped: "dash" };
const WORDS = {
  reach: "Reach the store", "sign in": "Sign in", list: "List objects", read: "Read objects", "ranged read": "Read parts of objects",
  write: "Write objects", multipart: "Write large objects in parts", delete: "Delete objects",
};
const MORE = {
  region: "Ask for the region", overwrite: "Replace objects", "conditional write": "Never replace by mistake", "list uploads": "List unfinished uploads",
  "signed url": "Signed URLs", copy: "Copy inside the bucket", cors: "Scripts on our pages", "cors rules": "Read the CORS rules", private: "Nobody else may read",
  versions: "Ask for versions", lifecycle: "Read the lifecycle rules", notifications: "Read who hears of changes", encryption: "Keys of one's own",
};

function row({ permission, finding, required, detail, advice }) {
  const bad = required && finding !== "ok" && finding !== "skipped";
  return element("tr", { class: bad ? "refuses" : "" },
    element("td", {}, element("span", { class: `finding ${finding}` }, icon(ICONS[finding] ?? "unknown"), element("span", {}, finding))),
    element("th", { scope: "row" }, WORDS[permission] ?? MORE[permission] ?? permission, required ? "" : element("span", { class: "faint" }, " (optional)")),
    element("td", { class: "whole" }, detail, advice ? element("div", { class: "advice" }, advice) : ""));
}

const head = () => element("thead", {}, element("tr", {}, ...["Finding", "Permission", "What to know and do"].map((name) => element("th", { scope: "col" }, name))));
const table = (label, lines) =>
  element("div", { class: "table lines", tabindex: "0", role: "region", "aria-label": label }, element("table", {}, head(), element("tbody", {}, ...lines.map(row))));

/** What nothing hangs on, behind one line that counts the findings. */
function folded(lines) {
  const counts = Object.keys(ICONS).map((name) => [lines.filter(({ finding }) => finding === name).length, name]).filter(([count]) => count);
  return element("details", { class: "folded" },
    element("summary", {}, `Not needed for this store: ${counts.map(([count, name]) => `${count} ${name}`).join(", ")}`),
    table("Table of what is not needed", lines));
}

class Probe extends HTMLElement {
  #table = null;

  connectedCallback() {
    this.#table = element("div", { class: "probe" });
    this.prepend(this.#table);
    this.querySelector("[data-check]")?.addEventListener("click", (event) => this.#check(event.currentTarget));
    if (this.hasAttribute("store")) this.show(this.getAttribute("report") ? JSON.parse(this.getAttribute("report")) : null);
  }

  /** Show a report; null: none yet. */
  show(report) {
    const all = report?.lines.filter((one) => !this.hasAttribute("short") || one.advice || one.finding === "ok") ?? [];
    const lines = all.filter((one) => one.required || !(one.permission in MORE));
    const more = this.hasAttribute("short") ? [] : all.filter((one) => !lines.includes(one));
    this.hidden = this.hasAttribute("short") ? lines.length < 2 : !report && !this.hasAttribute("store");
    if (!report) return this.#table.replaceChildren(element("p", { class: "soft" }, "This store was not checked yet."));
    const notes = [...(report.warnings ?? []), report.left_behind ? `A probe object stayed behind: ${report.left_behind}` : ""].filter(Boolean);
    const open = all.find(({ permission, finding }) => permission === "private" && finding === "missing");
    this.#table.replaceChildren(
      element("p", {}, element("span", { class: `tag ${report.passed ? "ok" : "bad"}` }, report.passed ? "check passed" : "check failed"), report.checked ? element("span", { class: "faint" }, ` ${when(report.checked)}`) : ""),
      open ? element("p", { class: "finding missing" }, icon("cross"), element("span", {}, `${open.detail} ${open.advice}`)) : "",
      table("Table of permissions", lines),
      ...(more.length ? [folded(more)] : []),
      ...notes.map((note) => element("p", { class: "soft" }, note)));
    return undefined;
  }

  async #check(button) {
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "Checking…";
    try {
      this.show(await call("POST", `/api/v1/stores/${encodeURIComponent(this.getAttribute("store"))}/check`));
    } catch (problem) {
      notify(`${problem.message} ${problem.advice}`, { bad: true });
    } finally {
      button.disabled = false;
      button.textContent = label;
    }
  }
}

customElements.define("m-probe", Probe);
