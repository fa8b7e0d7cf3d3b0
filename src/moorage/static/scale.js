/**
 * Maps a scroll position to a place in a list that may be taller than an element can be.
 *
 * Browsers cap the height of elements (Chromium near 33 million px, Firefox near 17). Up to CAP a pixel of scroll is a
 * pixel of the list. Above it, the scroll bar is a scale: a jump (of more than a quarter of what one pixel of the scroll bar
 * stands for) goes to the same fraction of the list, while smaller steps (wheel, touch, arrow) still move by single pixels,
 * and `settle` then puts the bar right.
 */
export const CAP = 8_000_000;

export class Scale {
  /** Pixels from the top of the list to the top of the view. */
  place = 0;
  #scroll = 0;
  #height = 0;
  #view = 1;

  /** `height` of the whole list and of the `view`, in pixels. */
  measure(height, view) {
    this.#height = height;
    this.#view = Math.max(1, view);
    this.place = Math.min(this.place, this.last);
  }

  /** Height of the element that is scrolled. */
  get extent() { return Math.min(this.#height, CAP); }
  /** The greatest place. */
  get last() { return Math.max(0, this.#height - this.#view); }
  get scaled() { return this.#height > CAP; }
  get #reach() { return Math.max(1, this.extent - this.#view); }

  /** Take notice of a scroll position; true where it was a jump. */
  scrolled(scroll) {
    const step = scroll - this.#scroll;
    const jump = Math.abs(step) > Math.max(1.5 * this.#view, this.extent / this.#view / 4);
    this.#scroll = scroll;
    if (!this.scaled) this.place = scroll;
    else if (jump || scroll <= 0 || scroll >= this.#reach) this.place = (scroll / this.#reach) * this.last;
    else this.place += step;
    this.place = Math.min(this.last, Math.max(0, this.place));
    return jump;
  }

  /** The scroll position that belongs to the place; the caller sets it on the element. */
  settle() {
    this.#scroll = this.scaled ? Math.round((this.place / Math.max(1, this.last)) * this.#reach) : Math.round(this.place);
    if (this.scaled && this.place > 0 && this.place < this.last) this.#scroll = Math.min(this.#reach - 1, Math.max(1, this.#scroll));
    return this.#scroll;
  }

  /** Go to a place; returns the scroll position to set. */
  go(place) {
    this.place = Math.min(this.last, Math.max(0, place));
    return this.settle();
  }

  /** Where, inside the scrolled element, something at `place` of the list is to be drawn. */
  at(place) { return this.#scroll + place - this.place; }
}
