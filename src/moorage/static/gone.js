/** One tombstone, drawn as a tile of the grid or as a line of the list: what it was, why and when it went, and the way back. */
import { bytes, element, icon, setIcon, when } from "./facts.js";
import { notify } from "./notice.js";
import { call, url } from "./server.js";

const WHY = { vanished: "Gone from its store", hidden: "Hidden here", trashed: "In the trash" };
const GLYPHS = { image: "image", video: "video", file: "file" };
export const GONE_COLUMNS = ["Name", "Why", "Since", "Size", "Restore"];

function button() {
  return element("button", { type: "button", class: "button small restore", tabindex: "-1", "data-restore": true }, icon("restore"), "Restore");
}

/** A cell of the grid. */
export function goneTile() {
  const facts = element("span", { class: "pic gone" }, icon("file"), element("b", { class: "why" }), element("span", { class: "since num" }));
  const link = element("a", { tabindex: "-1" }, facts, element("span", { class: "name" }), element("span", { class: "sub num" }));
  return element("div", { class: "tile gone", role: "gridcell" }, link, button());
}

/** The cells of a line of the list, in the order of GONE_COLUMNS. */
export function goneCells() {
  const link = element("a", { tabindex: "-1" }, element("span", { class: "pic gone" }, icon("file")), element("span", { class: "name" }));
  const texts = ["why", "since", "size"].map((name) => element("div", { class: `line-${name} num`, role: "gridcell" }));
  return [element("div", { class: "line-name", role: "gridcell" }, link), ...texts, element("div", { class: "line-restore", role: "gridcell" }, button())];
}

/** Fill a tile; `row` undefined: not fetched yet. `restores`: the reader may bring it back. */
export function fillGoneTile(cell, row, { fragment, restores }) {
  if (cell.row === row && row) return;
  cell.row = row;
  fill(cell, row, fragment);
  cell.querySelector(".why").textContent = WHY[row?.state] ?? "";
  cell.querySelector(".since").textContent = row?.gone ? when(row.gone) : "";
  cell.querySelector(".sub").textContent = row ? bytes(row.size) : "";
  offer(cell, row, restores);
}

export function fillGoneLine(cells, row, { fragment, restores }) {
  const [first, why, since, size, last] = cells;
  if (first.row === row && row) return;
  first.row = row;
  fill(first, row, fragment);
  why.textContent = WHY[row?.state] ?? "";
  since.textContent = row?.gone ? when(row.gone) : "";
  size.textContent = row ? bytes(row.size) : "";
  offer(last, row, restores);
}

function fill(cell, row, fragment) {
  const link = cell.firstChild;
  cell.classList.toggle("waiting", !row);
  setIcon(cell.querySelector(".pic svg"), GLYPHS[row?.kind] ?? "file");
  cell.querySelector(".name").textContent = row ? row.name || "(no name)" : "";
  if (!row) return link.removeAttribute("href");
  link.title = row.name;
  link.href = url(`/items/${row.id}`) + fragment();
  return undefined;
}

function offer(cell, row, restores) {
  const back = cell.querySelector("[data-restore]");
  back.hidden = !row || !restores;
  back.disabled = false;
  back.row = row;
  if (row) back.setAttribute("aria-label", `Restore ${row.name || "(no name)"}`);
}

/** Bring back the item of a pressed button; true when it is back. */
export async function restore(pressed) {
  const { row } = pressed;
  pressed.disabled = true;
  try {
    await call("POST", `/api/v1/items/${row.id}/restore`);
    notify(`${row.name || "The item"} is back.${row.state === "vanished" ? " If its object is still missing, the next look at the store hides it again." : ""}`);
    return true;
  } catch (problem) {
    notify(`${problem.message} ${problem.advice ?? ""}`.trim(), { bad: true });
    pressed.disabled = false;
    return false;
  }
}
