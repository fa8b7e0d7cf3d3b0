/** How facts are written: the same forms as in templates/_macros.html, in the reader's own language where it can be. */

const plain = new Intl.NumberFormat("en");
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const UNITS = ["kB", "MB", "GB", "TB", "PB"];

export const number = (n) => plain.format(n);

/** Bytes in powers of 1,000, three digits. */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  let unit = -1;
  do { n /= 1000; unit += 1; } while (n >= 999.5 && unit < UNITS.length - 1);
  return `${Number(n.toPrecision(3))} ${UNITS[unit]}`;
}

/** Seconds as 1:02:03 or 2:03. */
export function duration(seconds) {
  const s = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

const dated = (form) => (time) => {
  const at = time ? new Date(time) : null;
  return at && !Number.isNaN(at.valueOf()) && at.valueOf() ? form.format(at) : "";
};
export const when = dated(moment);
export const date = dated(day);

/** An icon of templates/_sprite.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  setIcon(svg, name);
  return svg;
}

export const setIcon = (svg, name) => svg.firstChild.setAttribute("href", `#i-${name}`);

/** An element with a class, attributes and children. */
export function element(tag, { class: names = "", ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (names) made.className = names;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
