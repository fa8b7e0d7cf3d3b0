/** <m-video>: a player that makes way for a note when the browser cannot play what it gets. */
class Video extends HTMLElement {
  connectedCallback() {
    const video = this.querySelector("video");
    const give = () => { video.hidden = true; this.querySelector(".stage-note").hidden = false; };
    video.addEventListener("error", give);
    if (video.error) give();
  }

  disconnectedCallback() { this.querySelector("video")?.pause(); }
}

customElements.define("m-video", Video);
