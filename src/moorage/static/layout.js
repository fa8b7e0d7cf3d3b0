/** Where the rows of a sequence lie: lines of folders first, then lines of items, each kind with a height of its own. */
const GAP = 12;
const CAPTION = 50;
const LINE = 48;
const FOLDER = 56;
const BETWEEN = 8;

export class Layout {
  columns = 1;
  pad = 0;
  /** Width of a tile and height of its picture, in pixels. */
  side = 52;
  picture = 39;
  #folders = 0;
  #total = 0;
  #folderHeight = LINE;
  #itemHeight = LINE;
  #between = 0;

  /** Of a list, or of a grid that is `width` pixels wide. */
  static of(list, width) {
    const made = new Layout();
    if (list) return made;
    made.pad = width < 600 ? 12 : 24;
    const least = width < 600 ? 150 : width < 1800 ? 190 : 220;
    made.columns = Math.max(2, Math.floor((width - 2 * made.pad + GAP) / (least + GAP)));
    made.side = (width - 2 * made.pad - GAP * (made.columns - 1)) / made.columns;
    made.picture = Math.round(made.side * 0.75);
    made.#folderHeight = FOLDER + GAP;
    made.#between = BETWEEN;
    made.#itemHeight = made.picture + CAPTION + GAP;
    return made;
  }

  /** True where the same rows lie at the same places in another one. */
  like(other) { return this.columns === other.columns && this.side === other.side && this.#itemHeight === other.#itemHeight; }

  count(folders, total) { this.#folders = Math.min(folders, total); this.#total = total; }

  /** Between the last line of folders and the first of items. */
  get #gap() { return this.#folders && this.#folders < this.#total ? this.#between : 0; }
  get #folderLines() { return Math.ceil(this.#folders / this.columns); }
  get lines() { return this.#folderLines + Math.ceil((this.#total - this.#folders) / this.columns); }
  get height() { return this.top(this.lines) + this.pad; }

  /** The line in which an index lies. */
  lineOf(index) {
    return index < this.#folders ? Math.floor(index / this.columns) : this.#folderLines + Math.floor((index - this.#folders) / this.columns);
  }

  /** First index of a line, and the one after its last. */
  span(line) {
    const first = line < this.#folderLines ? line * this.columns : this.#folders + (line - this.#folderLines) * this.columns;
    const end = line < this.#folderLines ? this.#folders : this.#total;
    return [first, Math.min(end, first + this.columns)];
  }

  holdsFolders(line) { return line < this.#folderLines; }

  /** Pixels from the top of the list to the top of a line. */
  top(line) {
    const folders = Math.min(line, this.#folderLines);
    return this.pad + folders * this.#folderHeight + (line >= this.#folderLines ? this.#gap : 0) + (line - folders) * this.#itemHeight;
  }

  /** The line that is drawn at `place`, within the list. */
  lineAt(place) {
    const folders = this.#folderLines * this.#folderHeight;
    const inside = place - this.pad;
    const line = inside < folders ? inside / this.#folderHeight : this.#folderLines + Math.max(0, inside - folders - this.#gap) / this.#itemHeight;
    return Math.max(0, Math.min(this.lines - 1, Math.floor(line)));
  }

  /** The index `lines` further down in the same column, as near as there is one. */
  below(index, lines) {
    const from = this.lineOf(index);
    const to = Math.min(this.lines - 1, Math.max(0, from + lines));
    if (to === from) return lines < 0 ? 0 : this.#total - 1;
    const [first, end] = this.span(to);
    return Math.min(end - 1, first + index - this.span(from)[0]);
  }
}
