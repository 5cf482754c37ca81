import { html } from "lit";
import { define, Piece } from "./piece";

/** What stands before the first message: what this is, what is kept, questions to start with. */
export class Opening extends Piece {
  static override properties = {
    t: { attribute: false },
    stored: { attribute: false },
    questions: { attribute: false },
    safety: { attribute: false },
  };
  stored = false;
  questions: string[] = [];
  safety!: unknown;

  protected override render() {
    const { t } = this;
    return html`<div class="opening" part="opening">
      <h3>${t("opening_title")}</h3>
      <p>${t("opening_program")}</p>
      <div class="choices" role="group" aria-label=${t("starters_label")}>
        ${this.questions.map((question) => html`<button type="button" class="choice" part="starter" @click=${() => this.emit("write", question)}>${question}</button>`)}
      </div>
      <p class="what">${t("opening_unstored")} ${this.safety}</p>
      <label class="check"><input type="checkbox" id="consent" .checked=${this.stored} aria-describedby="consent-opening" @change=${(event: Event) => this.emit("consent", (event.target as HTMLInputElement).checked)}><span>${t("consent")}</span></label>
      <p class="what" id="consent-opening">${t("consent_what")}</p>
    </div>`;
  }
}

define("upright-opening", Opening);
