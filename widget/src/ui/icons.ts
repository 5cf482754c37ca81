import { html, svg, type TemplateResult } from "lit";

const PATHS = {
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  send: "M5 12h13M12 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  settings: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h16",
  copy: "M9 9h10v11H9zM5 15V4h10",
  phone: "M6 4l3-1 2 5-2 1c1 3 3 5 6 6l1-2 5 2-1 3c-1 2-3 2-5 2C9 18 4 12 4 7c0-1 1-3 2-3z",
  down: "M12 5v14M6 13l6 6 6-6",
};

/** A drawing beside or instead of words; whoever uses it alone names the button in text. */
export function icon(name: keyof typeof PATHS): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${svg`<path d=${PATHS[name]}></path>`}</svg>`;
}
