/** Why a preview cannot be had. A fault that passes (a busy server, a store out of reach) is no reason yet. */

/** After this time a passing fault is worth another try; so many are made. */
export const AGAIN_MS = 3000;
export const TRIES = 5;
const FINAL_FROM = 400;
const PASSING = [408, 429, 502, 503, 504];

/** Ask once more for the preview at `source`, this time for words: `{text, passing}`. */
export async function reasonOf(source) {
  try {
    const answer = await fetch(source, { headers: { Accept: "application/problem+json, image/*;q=0.5" } });
    const problem = /json/.test(answer.headers.get("Content-Type") ?? "") ? await answer.json() : {};
    const text = problem.detail || problem.title || `No preview (${answer.status})`;
    return { text, passing: answer.status < FINAL_FROM || PASSING.includes(answer.status) };
  } catch {
    return { text: "The server did not answer.", passing: true };
  }
}
