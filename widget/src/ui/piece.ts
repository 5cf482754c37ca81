import { LitElement } from "lit";
import type { Speak } from "../core/words";

/**
 * A part of the chat. It renders into its parent's shadow tree, so that `::part` reaches it from
 * the page, ids connect across parts, and one style sheet serves all.
 */
export class Piece extends LitElement {
  t!: Speak;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Tells the chat something; what is told never leaves its shadow tree. */
  protected emit(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

/** Defines an element unless another copy of the script did. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
