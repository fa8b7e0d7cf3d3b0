/**
 * <m-video item converts>: a player that makes way for a note when the browser cannot play what it gets.
 *
 * The note tells why, and leads to an mp4 that it can play: to one that was made already, else, where the reader may have one
 * made (`converts`), to a button. What the server learns of the video fills the rows [data-video] and [data-sound] of the page.
 */
import { element, number } from "./facts.js";
import { call, url } from "./server.js";

const ENDED = ["succeeded", "partial", "failed", "cancelled"];
const CODECS = { h264: "H.264", hevc: "H.265 (HEVC)", av1: "AV1", vp9: "VP9", vp8: "VP8", mpeg4: "MPEG-4 Part 2", mpeg2video: "MPEG-2", aac: "AAC", opus: "Opus", mp3: "MP3", vorbis: "Vorbis", flac: "FLAC" };

const named = (codec) => CODECS[codec] ?? codec;
const rounded = (rate) => number(Math.round(rate * 100) / 100);

function told(facts) {
  const parts = [`${named(facts.video_codec)} in ${facts.container}`];
  if (facts.fps) parts.push(`${rounded(facts.fps)} frames a second`);
  if (facts.bit_depth && facts.bit_depth !== 8) parts.push(`${facts.bit_depth} bit`);
  if (facts.frames) parts.push(`about ${number(facts.frames)} frames`);
  return parts.join(" · ");
}

class Video extends HTMLElement {
  #facts = null;
  #job = "";
  #tried = false;

  connectedCallback() {
    this.video = this.querySelector("video");
    this.note = this.querySelector(".stage-note");
    this.video.addEventListener("error", () => this.#give());
    // Sound without pictures is how a browser plays pictures in a codec that it does not know.
    this.video.addEventListener("loadedmetadata", () => { if (!this.video.videoWidth) this.#give(); });
    document.addEventListener("m-job", this.#hear);
    if (this.video.error) this.#give();
    this.#look();
  }

  disconnectedCallback() {
    document.removeEventListener("m-job", this.#hear);
    this.video?.pause();
  }

  get #path() { return `/api/v1/items/${this.getAttribute("item")}`; }

  async #look() {
    if (!this.hasAttribute("item")) return;
    try {
      this.#facts = await call("GET", `${this.#path}/video`);
    } catch (problem) {
      if (problem.more?.reason) this.note.querySelector("span").textContent = problem.more.reason;
      return;
    }
    if (!this.isConnected) return;
    this.#fill("[data-video]", told(this.#facts));
    this.#fill("[data-sound]", this.#facts.audio_codec ? named(this.#facts.audio_codec) : "none");
    if (!this.note.hidden) this.#give();
    else if (this.#facts.plays !== true && !this.video.canPlayType(this.getAttribute("type") ?? "")) this.#give();
  }

  #fill(place, text) {
    for (const row of document.querySelectorAll(place)) {
      row.hidden = false;
      if (row.tagName === "DD") row.textContent = text;
    }
  }

  #give() {
    if (this.#facts?.converted && !this.#tried) { this.#play(); return; }
    this.video.hidden = true;
    this.note.hidden = false;
    const facts = this.#facts;
    if (!facts || this.note.dataset.told) return;
    this.note.dataset.told = "1";
    if (facts.why) this.note.querySelector("span").textContent = facts.why;
    // The server knows nothing against it, so what is left is to encode it anew.
    const kind = facts.conversion ?? "transcode";
    if (!this.hasAttribute("converts") || facts.plays === false) return;
    const hint = kind === "remux" ? "The pictures stay as they are; it takes about as long as reading the file." : "Pictures and sound are encoded anew, which may take as long as the video plays.";
    const button = element("button", { type: "button", class: "button main small" }, "Make it playable");
    button.addEventListener("click", () => this.#convert(kind, button));
    this.note.append(button, element("span", { class: "hint", role: "status", "data-progress": "" }, hint));
  }

  async #convert(kind, button) {
    button.disabled = true;
    try {
      const answer = await call("POST", `${this.#path}/conversions`, { body: { kind } });
      if (answer.url) { this.#play(); return; }
      this.#job = answer.job;
      this.#say("Waiting for its turn.");
    } catch (problem) {
      button.disabled = false;
      this.#say(`${problem.message} ${problem.advice ?? ""}`.trim());
    }
  }

  #hear = ({ detail: job }) => {
    if (job.id !== this.#job) return;
    if (!ENDED.includes(job.state)) {
      this.#say(job.total && job.done ? `${number(Math.min(99, Math.floor((job.done / job.total) * 100)))} % done. It goes on when you leave this page.` : "It begins.");
      return;
    }
    this.#job = "";
    this.note.querySelector("button").disabled = false;
    if (job.state === "succeeded") this.#play();
    else this.#say(job.message || "It was stopped.");
  };

  #say(text) { this.note.querySelector("[data-progress]").textContent = text; }

  #play() {
    this.#tried = true;
    this.note.hidden = true;
    this.video.hidden = false;
    this.video.src = url(`${this.#path}/converted`);
    this.video.load();
  }
}

customElements.define("m-video", Video);
