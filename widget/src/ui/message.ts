import { html, nothing, type TemplateResult } from "lit";
import type { Entry } from "../core/store";
import type { Block, Download, Message, Source } from "../core/types";
import { emphasise, htmlLang, languageIn, speak } from "../core/words";
import { icon } from "./icons";
import { lineCard } from "./lines";
import { define, Piece } from "./piece";

/** One message of the conversation. Says `choose`, `copy`, `save` and `retry`. */
export class MessagePiece extends Piece {
  static override properties = {
    t: { attribute: false },
    entry: { attribute: false },
    old: { attribute: false },
  };
  entry!: Entry;
  /** A later message of the person exists: its suggestions stay usable, but quieter. */
  old = false;

  protected override render() {
    const { t } = this;
    const { message, state, error } = this.entry;
    const { author, language } = message;
    const name = author === "counsellor" ? message.label || t("counsellor") : t(author);
    const sources = message.blocks.filter((block) => block.type === "source");
    const time = new Date(message.time * 1000);
    return html`<article class="message ${author} ${state ?? ""}" part="message message-${author}" data-id=${message.id} data-author=${author}>
      <p class=${author === "counsellor" ? "label" : "hidden"} part="author">${t("says", { name })}</p>
      <div class="bubble" part="bubble" lang=${htmlLang(language)}>
        ${message.blocks.map((block) => this.block(block))}
        ${sources.length ? this.sources(sources, message) : nothing}
      </div>
      <p class="meta">
        <time datetime=${time.toISOString()}>${time.toLocaleTimeString(htmlLang(language), { hour: "2-digit", minute: "2-digit" })}</time>
        ${
          author === "person"
            ? nothing
            : html`<button type="button" class="quiet" part="copy" aria-label=${t("copy_label")} @click=${() => this.emit("copy", message.text)}>${icon("copy")}<span>${t("copy")}</span></button>`
        }
        ${state && state !== "failed" ? html`<span class="state" data-state=${state}>${t(state)}</span>` : nothing}
      </p>
      ${
        state === "failed"
          ? html`<div class="refused"><p role="alert" data-state="failed">${error ?? t("refused")}</p>
            <button type="button" part="retry" aria-label=${t("retry_label", { text: message.text.slice(0, 60) })} @click=${() => this.emit("retry", message.id)}>${t("retry")}</button></div>`
          : nothing
      }
    </article>`;
  }

  private block(block: Block): TemplateResult | typeof nothing {
    const { language, tongue = nothing } = this.entry.message;
    const t = speak(language); // a part of the message, so in its language
    switch (block.type) {
      case "paragraph":
        return html`<p class="text" dir="auto" lang=${tongue}>${block.text}</p>`;
      case "list":
        return html`<ul>${block.items.map((item) => html`<li dir="auto" lang=${tongue}>${item}</li>`)}</ul>`;
      case "figure": {
        const [before, figure, after] = emphasise(block.text, block.value, block.unit);
        return html`<p class="text figure" part="figure">${before}<strong>${figure}</strong>${after}</p>`;
      }
      case "step":
        return html`<div class="step" part="step"><p class="count">${t("step", { number: block.number, total: block.of })}</p><p class="text">${block.text}</p></div>`;
      case "own":
        return html`<div class="step" part="own"><p class="count">${block.label}</p><p class="text" dir="auto" lang=${tongue}>${block.text}</p></div>`;
      case "hotline":
        return lineCard(block, t);
      case "download":
        return html`<button type="button" class="choice" part="download" @click=${() => this.save(block)}>${icon("down")}${t("download", { title: block.title })}</button>`;
      case "choices":
        return html`<div class="choices ${this.old ? "old" : ""}" part="choices" role="group" aria-label=${t("choices")}>${block.items.map(
          (choice) =>
            html`<button type="button" class="choice" part="choice" @click=${() => this.emit("choose", choice)}>${choice.title}</button>`,
        )}</div>`;
      default:
        return nothing; // sources stand together below; a kind that a later server adds is skipped
    }
  }

  private sources(sources: Source[], message: Message): TemplateResult {
    const t = speak(message.language);
    return html`<details part="sources"><summary>${t("sources", { count: sources.length })}</summary><ol>${sources.map(
      ({ citation, year, locator, kind }) => {
        const dated = year && !citation.includes(String(year)) ? `${citation} (${year})` : citation;
        return html`<li><span lang=${htmlLang(languageIn(dated, "en"))}>${dated}</span> · ${place(locator)} · ${kind}</li>`;
      },
    )}</ol></details>`;
  }

  private save({ name, content }: Download): void {
    this.emit("save", { name, blob: new Blob([content], { type: "text/plain;charset=utf-8" }) });
  }
}

/** Where to read it: a link for a web address or a DOI, else the words. Opened only by the person. */
function place(locator: string): TemplateResult | string {
  const [, before = "", address] = /^(.*?)(https:\/\/\S+|doi:10\.\S+)$/.exec(locator) ?? [];
  if (!address) return locator;
  const href = address.replace(/^doi:/, "https://doi.org/");
  return html`${before}<a href=${href} target="_blank" rel="noopener noreferrer">${address}</a>`;
}

define("upright-message", MessagePiece);
