/** Words of the interface and lines to call, bundled from data/ by `python -m bot widget-data`. */
import data from "../generated/data.json";
import type { Hotline, Language } from "./types";

export type WordId = keyof typeof data.words;
export type Speak = (id: WordId, values?: Record<string, string | number>) => string;

/** [name, contact, numbers to tap], the texts by language. */
type Line = [string[], string[], string[]?];

const lines = data.lines as unknown as Record<string, Line[]>;
const names = data.countries as Record<string, string[]>;
const at = (language: Language) => data.languages.indexOf(language);

function speaker(language: Language): Speak {
  return (id, values = {}) =>
    (data.words[id][at(language)] ?? "").replace(
      /\{(\w+)\}/g,
      (_, name) => `${values[name] ?? ""}`,
    );
}

// One function per language, so that components can tell by identity whether to render again.
const speakers = { en: speaker("en"), zh: speaker("zh") };

/** The function that says words in a language. */
export const speak = (language: Language): Speak => speakers[language];

export const starters = (language: Language): string[] =>
  data.starters.map((texts) => texts[at(language)] ?? "");

export function countryName(code: string, language: Language): string {
  const tag = htmlLang(language);
  return (
    names[code]?.[at(language)] ?? new Intl.DisplayNames(tag, { type: "region" }).of(code) ?? code
  );
}

/** Countries with a line, by name. */
export function countries(language: Language): { code: string; name: string }[] {
  const order = new Intl.Collator(htmlLang(language));
  return Object.keys(lines)
    .map((code) => ({ code, name: countryName(code, language) }))
    .sort((a, b) => order.compare(a.name, b.name));
}

/** The lines of a country as cards, the emergency number first; none where we know none. */
export function linesOf(code: string, language: Language): Hotline[] {
  return (lines[code] ?? []).map(([name, contact, dial = []], index) => ({
    type: "hotline",
    id: `${code}-${index}`,
    name: name[at(language)] ?? "",
    contact: contact[at(language)] ?? "",
    country: countryName(code, language),
    dial,
  }));
}

export const htmlLang = (language: Language): string => (language === "zh" ? "zh-Hans" : "en");

/** The language of a tag like `zh-CN`, undefined for one that we do not speak. */
export function languageOf(tag: string | null | undefined): Language | undefined {
  const [first] = (tag ?? "").toLowerCase().split(/[-_]/);
  return first === "zh" || first === "en" ? first : undefined;
}

/** The language of words by their letters; `usual` where they have none. */
export function languageIn(text: string, usual: Language): Language {
  return /[\u3400-\u9fff]/.test(text) ? "zh" : /[a-z]/i.test(text) ? "en" : usual;
}

/** The country of a browser's languages, if it says one and we know lines there. */
export const homeland = (): string =>
  navigator.languages
    .map((tag) => /-([A-Z]{2})\b/.exec(tag)?.[1] ?? "")
    .find((code) => lines[code]) ?? "";

/** The parts of a figure's text: its value and unit are to be emphasised where they stand. */
export function emphasise(text: string, value: string, unit: string): [string, string, string] {
  for (const sought of [`${value} ${unit}`, `${value}${unit}`, value]) {
    for (let start = -1; sought; ) {
      start = text.indexOf(sought, start + 1);
      if (start < 0) break;
      const [before, after] = [text.slice(0, start), text.slice(start + sought.length)];
      if (!/[\d.,]$/.test(before) && !/^\d/.test(after)) return [before, sought, after];
    }
  }
  return [text, "", ""];
}

/** The address of a number for `tel:`. */
export const telephone = (number: string): string => `tel:${number.replace(/[^+\d]/g, "")}`;
