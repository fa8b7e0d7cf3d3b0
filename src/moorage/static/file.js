/** <m-file for>: its file input reads a file into the field `for`, in this browser: text as it is, anything else (DER, PKCS#12) as base64. */
const MOST_BYTES = 256 * 1024;

function textOf(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch { /* no text */ }
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

class File_ extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => { event.stopPropagation(); this.#read(event.target); });
  }

  async #read(input) {
    const [file] = input.files;
    if (!file) return;
    const field = document.getElementById(this.getAttribute("for"));
    const told = this.querySelector("[data-told]");
    if (file.size > MOST_BYTES) told.textContent = `${file.name} is too large to be a key.`;
    else {
      field.value = textOf(new Uint8Array(await file.arrayBuffer()));
      field.dispatchEvent(new Event("input", { bubbles: true }));
      told.textContent = `${file.name} was read.`;
    }
    input.value = ""; // the same file may be chosen again
  }
}

customElements.define("m-file", File_);
