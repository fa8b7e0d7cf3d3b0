/** Parts of this page that change while it is shown: elements with an id and data-fresh, taken anew from the server. */

/** Counts of a whole subtree are at most 5 s old. */
const COUNTED_MS = 6000;

/** This page, as it is asked for. */
export const here = () => location.pathname + location.search;

/** What the page at `from` looks like now, or null. */
export async function fetched(from) {
  const answer = await fetch(from, { headers: { Accept: "text/html" } }).catch(() => null);
  return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** Put the parts of `page` that `which` selects in the place of those shown. */
export function freshen(page, which = "[data-fresh][id]") {
  for (const part of document.querySelectorAll(which)) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    const copy = document.importNode(fresh, true);
    part.replaceWith(copy);
    window.htmx?.process(copy);
  }
}

/** Show the counts of this folder as they are now, and once more when those of the subtree are folded. */
export async function recount({ again = true } = {}) {
  const from = here();
  const page = await fetched(from);
  if (!page || here() !== from) return;
  freshen(page, "#folder-counts");
  if (again) setTimeout(() => { if (here() === from) recount({ again: false }); }, COUNTED_MS);
}
