import { html, nothing } from "lit";
import { icon } from "./icons";
import { define, Piece } from "./piece";

const MOST = 2000; // characters; the server refuses more
const WARN = 200; // say how many are left from here on

/** Where the person writes. Says `write` with the text, and `say`. */
export class Composer extends Piece {
  static override properties = { t: { attribute: false }, draft: { state: true } };
  private draft = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  protected override render() {
    const { t, draft } = this;
    const left = MOST - draft.length;
    return html`<form class="composer" part="composer" novalidate @submit=${this.submit}>
      <label class="hidden" for="text">${t("composer")}</label>
      <textarea id="text" part="input" rows="1" maxlength=${MOST} autocomplete="off" enterkeyhint="send" aria-describedby="keys${left <= WARN ? " left" : ""}" placeholder=${t("composer")} .value=${draft} @input=${this.input} @keydown=${this.key}></textarea>
      <button type="submit" class="send" part="send" aria-label=${t("send")}>${icon("send")}</button>
      <span id="keys" class="hidden">${t("keys")}</span>
      ${left <= WARN ? html`<p id="left" class="left">${t("left", { count: left })}</p>` : nothing}
    </form>`;
  }

  private get area(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  override focus(): void {
    this.area?.focus({ preventScroll: true });
  }

  private input(): void {
    this.draft = this.area?.value ?? "";
    clearTimeout(this.timer);
    const count = MOST - this.draft.length;
    // Not at every key: only when the person stops for a moment.
    if (count <= WARN)
      this.timer = setTimeout(() => this.emit("say", this.t("left", { count })), 1000);
  }

  protected override updated(): void {
    const { area } = this;
    if (!area) return;
    area.style.blockSize = "auto"; // grows with the text; the style sheet sets the limit
    area.style.blockSize = `${area.scrollHeight + 2}px`;
  }

  private key(event: KeyboardEvent): void {
    // While an input method composes, Enter picks a word (229: Safari's late keydown).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229)
      return;
    event.preventDefault();
    this.submit(event);
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.draft.trim();
    if (text) {
      this.emit("write", text);
      this.draft = "";
    }
    this.focus();
  }
}

define("upright-composer", Composer);
