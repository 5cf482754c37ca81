import { html, nothing } from "lit";
import type { Entry } from "../core/store";
import type { Typing } from "../core/types";
import { icon } from "./icons";
import "./message";
import { define, Piece } from "./piece";

const NEAR = 60; // pixels from the end that still count as being there

/**
 * The conversation. New answers are shown from their beginning, and nobody who has scrolled up to
 * read is moved: then a button says that there is something new.
 */
export class Log extends Piece {
  static override properties = {
    t: { attribute: false },
    entries: { attribute: false },
    typing: { attribute: false },
    busy: { attribute: false },
    opening: { attribute: false },
    below: { state: true },
  };
  entries: Entry[] = [];
  typing: Typing["author"] | undefined;
  busy = false;
  opening: unknown = nothing;
  private below = false;
  private follow = true;
  private top = 0;
  private seen = "";

  protected override render() {
    const { t, entries, typing } = this;
    const latest = entries.map((entry) => entry.message.author).lastIndexOf("person");
    return html`<div class="log" id="log" part="log" role="log" aria-live="polite" aria-label=${t("log")} aria-busy=${this.busy ? "true" : "false"} tabindex="0" @scroll=${this.scrolled}>
        ${this.opening}
        ${entries.map(
          (entry, index) =>
            html`<upright-message .t=${t} .entry=${entry} .old=${index < latest}></upright-message>`,
        )}
        ${typing ? html`<p class="typing" part="typing">${t(`${typing}_writing`)}<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span></p>` : nothing}
      </div>
      ${this.below ? html`<button type="button" class="below" part="new-messages" @click=${this.toNew}>${icon("down")}${t("new_messages")}</button>` : nothing}`;
  }

  protected override updated(): void {
    const last = this.entries[this.entries.length - 1]?.message;
    const fresh = (last?.id ?? "") !== this.seen;
    this.seen = last?.id ?? "";
    // The messages render in their own time; measure after that.
    if (fresh && last?.author === "person") this.follow = true;
    requestAnimationFrame(() => (this.follow ? this.toNew() : fresh && this.tell()));
  }

  private get box(): HTMLElement | null {
    return this.querySelector(".log");
  }

  private tell(): void {
    const { box } = this;
    if (box) this.below = box.scrollHeight - box.scrollTop - box.clientHeight > NEAR;
  }

  /** Goes to the end, but not past the beginning of the first answer to the latest question. */
  private toNew(): void {
    const { box } = this;
    if (!box) return;
    this.follow = true;
    this.below = false;
    const authors = this.entries.map((entry) => entry.message.author);
    const first = authors.lastIndexOf("person") + 1;
    const start = first > 0 && box.querySelectorAll("upright-message")[first]?.firstElementChild;
    const end = box.scrollHeight - box.clientHeight;
    const until = start
      ? start.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop - 48
      : end;
    if (authors.length) box.scrollTop = Math.min(end, until);
    this.top = box.scrollTop;
  }

  private scrolled(): void {
    const { box } = this;
    if (!box) return;
    const end = box.scrollHeight - box.clientHeight;
    if (box.scrollTop < this.top - 4) this.follow = false;
    if (end - box.scrollTop < NEAR) {
      this.follow = true;
      this.below = false;
    }
    this.top = box.scrollTop;
  }
}

define("upright-log", Log);
