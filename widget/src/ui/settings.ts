import { html, nothing } from "lit";
import type { WordId } from "../core/words";
import { define, Piece } from "./piece";

/** What the person set for themselves; absent: as the site says. */
export interface Settings {
  language?: "auto" | "en" | "zh";
  theme?: "auto" | "light" | "dark";
  size?: "1" | "2" | "3";
}

const CHOICES = {
  language: ["auto", "en", "zh"],
  size: ["1", "2", "3"],
  theme: ["auto", "light", "dark"],
};
const TITLES: Record<keyof Settings, WordId> = {
  language: "language",
  size: "text_size",
  theme: "theme",
};

/** Settings and the person's rights. Says `set`, `remember`, `consent`, `export`, `delete`, `anew`. */
export class SettingsPiece extends Piece {
  static override properties = {
    t: { attribute: false },
    values: { attribute: false },
    remember: { attribute: false },
    stored: { attribute: false },
    safety: { attribute: false },
    asking: { state: true },
  };
  values!: Required<Settings>;
  remember = false;
  stored = false;
  safety!: unknown;
  private asking = false;

  protected override render() {
    const { t } = this;
    return html`
      ${(Object.keys(CHOICES) as (keyof Settings)[]).map((name) => this.select(name))}
      <h3>${t("privacy")}</h3>
      ${this.check("remember", this.remember, "remember", "remember_what")}
      ${this.check("consent", this.stored, "consent", "consent_what")}
      <p>${this.safety}</p>
      <h3>${t("your_conversation")}</h3>
      <div class="buttons">
        <button type="button" @click=${() => this.emit("export", "text")}>${t("export_text")}</button>
        <button type="button" @click=${() => this.emit("export", "json")}>${t("export_json")}</button>
        <button type="button" @click=${() => this.emit("anew")}>${t("new_conversation")}</button>
        <button type="button" id="delete" aria-expanded=${this.asking ? "true" : "false"} @click=${() => this.ask(!this.asking)}>${t("delete")}</button>
      </div>
      ${
        this.asking
          ? html`<div class="ask" role="group" aria-labelledby="delete-ask"><p id="delete-ask">${t("delete_ask")}</p><div class="buttons">
              <button type="button" class="danger" id="delete-yes" @click=${this.really}>${t("delete_yes")}</button>
              <button type="button" id="delete-no" @click=${() => this.ask(false)}>${t("delete_no")}</button></div></div>`
          : nothing
      }`;
  }

  private select(name: keyof Settings) {
    const word = (value: string) =>
      (name === "size" ? `size_${value}` : `${name}_${value}`) as WordId;
    return html`<label class="field"><span>${this.t(TITLES[name])}</span>
      <select name=${name} @change=${(event: Event) => this.emit("set", { [name]: (event.target as HTMLSelectElement).value })}>
        ${CHOICES[name].map((value) => html`<option value=${value} ?selected=${this.values[name] === value}>${this.t(word(value))}</option>`)}
      </select></label>`;
  }

  private check(name: string, on: boolean, label: WordId, what: WordId) {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${on} aria-describedby="${name}-what" @change=${(event: Event) => this.emit(name, (event.target as HTMLInputElement).checked)}><span>${this.t(label)}</span></label>
      <p class="what" id="${name}-what">${this.t(what)}</p>`;
  }

  private async ask(on: boolean): Promise<void> {
    this.asking = on;
    await this.updateComplete;
    this.querySelector<HTMLElement>(on ? "#delete-no" : "#delete")?.focus();
  }

  private really(): void {
    this.asking = false;
    this.emit("delete");
  }
}

define("upright-settings", SettingsPiece);
