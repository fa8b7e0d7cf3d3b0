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
  reach: "Reach the store", list: "List objects", read: "Read objects", "ranged read": "Read parts of objects",
  write: "Write objects", multipart: "Write large objects in parts", delete: "Delete objects",
};

function row({ permission, finding, required, detail, advice }) {
  const bad = required && finding !== "ok" && finding !== "skipped";
  return element("tr", { class: bad ? "refuses" : "" },
    element("td", {}, element("span", { class: `finding ${finding}` }, icon(ICONS[finding] ?? "unknown"), element("span", {}, finding))),
    element("th", { scope: "row" }, WORDS[permission] ?? permission, required ? "" : element("span", { class: "faint" }, " (optional)")),
    element("td", { class: "whole" }, detail, advice ? element("div", { class: "advice" }, advice) : ""));
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
    const lines = report?.lines.filter((one) => !this.hasAttribute("short") || one.advice || one.finding === "ok") ?? [];
    this.hidden = this.hasAttribute("short") ? lines.length < 2 : !report && !this.hasAttribute("store");
    if (!report) return this.#table.replaceChildren(element("p", { class: "soft" }, "This store was not checked yet."));
    const head = element("thead", {}, element("tr", {}, ...["Finding", "Permission", "What to know and do"].map((name) => element("th", { scope: "col" }, name))));
    const notes = [...(report.warnings ?? []), report.left_behind ? `A probe object stayed behind: ${report.left_behind}` : ""].filter(Boolean);
    this.#table.replaceChildren(
      element("p", {}, element("span", { class: `tag ${report.passed ? "ok" : "bad"}` }, report.passed ? "check passed" : "check failed"), report.checked ? element("span", { class: "faint" }, ` ${when(report.checked)}`) : ""),
      element("div", { class: "table lines", tabindex: "0", role: "region", "aria-label": "Table of permissions" }, element("table", {}, head, element("tbody", {}, ...lines.map(row)))),
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
