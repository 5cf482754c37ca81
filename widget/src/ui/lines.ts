import { html, nothing, type TemplateResult } from "lit";
import type { Hotline, Language } from "../core/types";
import { countries, linesOf, type Speak, telephone } from "../core/words";
import { icon } from "./icons";
import { define, Piece } from "./piece";

/** A line to call as a card, its numbers to be tapped. */
export function lineCard(line: Hotline, t: Speak): TemplateResult {
  return html`<div class="line" part="hotline">
    <p class="line-name">${line.name}</p>
    <p>${line.contact}</p>
    ${
      line.dial.length
        ? html`<p class="calls">${line.dial.map(
            (number) =>
              html`<a class="call" part="call" href=${telephone(number)} aria-label=${t("call_label", { name: line.name, number })}>${icon("phone")}${t("call", { number })}</a>`,
          )}</p>`
        : nothing
    }
  </div>`;
}

/** Lines to call of one country, chosen here where it is not known. Needs no server. */
export class Lines extends Piece {
  static override properties = {
    t: { attribute: false },
    language: { attribute: false },
    region: { attribute: false },
  };
  language!: Language;
  region!: string;

  protected override render() {
    const { t, language, region } = this;
    const cards = region ? linesOf(region, language) : [];
    return html`
      <p>${cards.length ? t("help_danger") : t("help_unknown")}</p>
      <label class="field"><span>${t("country")}</span>
        <select part="country" @change=${this.choose}>
          <option value="" ?selected=${!region}>${t("country_choose")}</option>
          ${countries(language).map(({ code, name }) => html`<option value=${code} ?selected=${code === region}>${name}</option>`)}
        </select>
      </label>
      ${region && !cards.length ? html`<p>${t("no_lines")}</p>` : nothing}
      ${cards.map((line) => lineCard(line, t))}`;
  }

  private choose(event: Event): void {
    this.emit("region", (event.target as HTMLSelectElement).value);
  }
}

define("upright-lines", Lines);
