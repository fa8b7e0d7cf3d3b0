/** One folder or item, drawn as a tile of the grid or as a line of the list. Elements are made once and filled again. */
import { bytes, date, duration, element, icon, number, setIcon } from "./facts.js";
import { AGAIN_MS, TRIES, reasonOf } from "./reason.js";
import { url } from "./server.js";

const SIZES = [128, 256, 384, 512, 768, 1024];
const GLYPHS = { folder: "folder", image: "image", video: "video", file: "file" };
/** Why an item has no preview, by its version; asked for once. */
const reasons = new Map();
const tries = new Map();
let asking = Promise.resolve();

const versionOf = (row) => `${row.kind} ${row.id} ${row.etag ?? ""} ${row.modified ?? ""}`;
const samePicture = (one, other) => Boolean(one && other) && versionOf(one) === versionOf(other);

/** The smallest preview that fills `pixels` of the screen. */
const sized = (pixels) => SIZES.find((size) => size >= pixels) ?? SIZES.at(-1);

const hrefOf = (row) => url(row.kind === "folder" ? `/folders/${row.id}` : `/items/${row.id}`);

function previewOf(row, pixels) {
  const width = sized(pixels);
  if (row.kind === "image") return url(`/api/v1/items/${row.id}/preview?width=${width}&height=${width}&fit=inside&format=webp`);
  return row.kind === "video" ? url(`/api/v1/items/${row.id}/poster?width=${width}`) : "";
}

function picture() {
  const image = element("img", { alt: "", decoding: "async", draggable: "false" });
  const glyph = icon("file");
  const box = element("span", { class: "pic" }, glyph, image, element("span", { class: "reason" }), element("span", { class: "badge num" }));
  image.addEventListener("load", () => box.classList.add("loaded"));
  image.addEventListener("error", () => { if (image.hasAttribute("src")) broken(box, image); });
  return box;
}

/** A cell of the grid of previews. */
export function tile() {
  const link = element("a", { tabindex: "-1" }, picture(), element("span", { class: "name" }), element("span", { class: "sub num" }));
  return element("div", { class: "tile", role: "gridcell" }, link);
}

/** The cells of a line of the list, in the order of LIST_COLUMNS. */
export const LIST_COLUMNS = ["Name", "Kind", "Details", "Size", "Modified"];

export function listCells() {
  const link = element("a", { tabindex: "-1" }, picture(), element("span", { class: "name" }));
  const first = element("div", { class: "line-name", role: "gridcell" }, link);
  return [first, ...["kind", "dim", "size", "date"].map((name) => element("div", { class: `line-${name} num`, role: "gridcell" }))];
}

/**
 * Fill a tile. `row` undefined: not fetched yet. `draw`: load its preview now; `pixels`: the side it has on the screen;
 * `fragment`: makes what is put behind the address of an item. A picture that is still the right one stays.
 */
export function fillTile(cell, row, { draw, pixels, fragment }) {
  if (cell.row !== row) {
    if (!samePicture(cell.row, row)) glyph(cell, row);
    cell.row = row;
    link(cell.firstChild, row, fragment);
    cell.querySelector(".sub").textContent = row ? summary(row) : "";
  }
  if (draw) show(cell, row, pixels);
}

export function fillLine(cells, row, { draw, pixels, fragment }) {
  const [first, kind, dim, size, modified] = cells;
  if (first.row !== row) {
    if (!samePicture(first.row, row)) glyph(first, row);
    first.row = row;
    link(first.firstChild, row, fragment);
    kind.textContent = row?.kind ?? "";
    dim.textContent = row ? dimensions(row) : "";
    size.textContent = !row ? "" : row.kind === "folder" ? bytes(row.counts.subtree_bytes) : sizeOf(row);
    modified.textContent = row?.modified ? date(row.modified) : "";
  }
  if (draw) show(first, row, pixels);
}

function link(anchor, row, fragment) {
  const name = anchor.querySelector(".name");
  name.textContent = row ? row.name || "(no name)" : "";
  anchor.parentElement.classList.toggle("waiting", !row);
  if (!row) return anchor.removeAttribute("href");
  anchor.href = hrefOf(row) + (row.kind === "folder" ? "" : fragment());
  anchor.title = row.name;
}

/** The size of an item; of a link that nobody has looked at yet none is known. */
const sizeOf = (row) => (row.size || row.etag || row.modified ? bytes(row.size) : "");

const items = (row) => `${number(row.counts.subtree_items)} ${row.counts.subtree_items === 1 ? "item" : "items"}`;

function summary(row) {
  if (row.kind === "folder") return items(row);
  const size = row.width && row.height ? `${row.width} × ${row.height}` : "";
  return [size, sizeOf(row)].filter(Boolean).join(" · ");
}

function dimensions(row) {
  if (row.kind === "folder") return items(row);
  const size = row.width && row.height ? `${row.width} × ${row.height}` : "";
  return [size, row.duration ? duration(row.duration) : ""].filter(Boolean).join(" · ");
}

/** What stands in the picture's place until it is there: an icon, and for a video its length. `source`: what to load. */
function glyph(cell, row, source = "") {
  const box = cell.querySelector(".pic");
  const [svg, image, reason, badge] = box.children;
  image.removeAttribute("src");
  box.className = `pic ${row ? row.kind : "waiting"}`;
  setIcon(svg, GLYPHS[row?.kind] ?? "file");
  reason.textContent = "";
  badge.textContent = row?.kind === "video" && row.duration ? duration(row.duration) : "";
  if (row && reasons.has(versionOf(row))) mark(box, reasons.get(versionOf(row)));
  else if (source) image.src = source;
}

function show(cell, row, pixels) {
  const box = cell.querySelector(".pic");
  const source = row && !reasons.has(versionOf(row)) ? previewOf(row, pixels) : "";
  const image = box.children[1];
  box.item = row;
  if (source && image.getAttribute("src") !== source) image.src = source;
}

function mark(box, reason) {
  box.classList.add("broken");
  setIcon(box.firstChild, "broken");
  box.querySelector(".reason").textContent = reason;
}

/** Say why there is no picture. One question at a time, so that a folder of broken images is no storm. */
function broken(box, image) {
  const row = box.item;
  const source = image.src;
  image.removeAttribute("src");
  if (!row) return;
  const version = versionOf(row);
  mark(box, reasons.get(version) ?? "No preview");
  asking = asking.then(async () => {
    const { text, passing } = reasons.has(version) ? { text: reasons.get(version) } : await reasonOf(source);
    tries.set(version, (tries.get(version) ?? 0) + 1);
    const again = passing && tries.get(version) < TRIES;
    if (!again) reasons.set(version, text);
    if (again) setTimeout(() => { if (samePicture(box.item, row)) glyph(box.parentElement.parentElement, row, source); }, AGAIN_MS);
    if (samePicture(box.item, row)) mark(box, text);
  });
}
