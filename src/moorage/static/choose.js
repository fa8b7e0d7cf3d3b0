/** <m-choose>: shows the parts of a form that belong to what is chosen (radios, selects): data-when="provider=s3" or "provider=s3|azure". Others are disabled too. */
class Choose extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  #apply() {
    const chosen = new Map([...this.querySelectorAll("input[type=radio]:checked, select")].map((field) => [field.name, field.value]));
    for (const part of this.querySelectorAll("[data-when]")) {
      const [name, values] = part.dataset.when.split("=");
      const off = !values.split("|").includes(chosen.get(name));
      part.hidden = off;
      part.disabled = off;
    }
  }
}

customElements.define("m-choose", Choose);
