import { describe, expect, it } from "vitest";
import {
  countries,
  emphasise,
  languageIn,
  languageOf,
  linesOf,
  speak,
  starters,
  telephone,
  type WordId,
} from "../src/core/words";
import data from "../src/generated/data.json";

const placeholders = (text: string | undefined) => (text?.match(/\{\w+\}/g) ?? []).sort();

describe("words", () => {
  it.each(Object.keys(data.words))("%s is there in both languages, with the same values", (id) => {
    const texts = data.words[id as WordId];
    expect(texts).toHaveLength(data.languages.length);
    expect(texts.every(Boolean)).toBe(true);
    expect(placeholders(texts[1])).toEqual(placeholders(texts[0]));
  });

  it("takes values", () => {
    expect(speak("en")("sources", { count: 2 })).toBe("Sources (2)");
    expect(speak("zh")("sources", { count: 2 })).toBe("出处（2）");
  });

  it("offers questions in both languages", () => {
    expect(starters("zh")).toHaveLength(starters("en").length);
  });

  it("finds a language in letters", () => {
    expect(["断骨", "PRECICE 钉", "hi", "131"].map((text) => languageIn(text, "zh"))).toEqual([
      ...["zh", "zh", "en", "zh"],
    ]);
  });

  it("finds a language in a tag", () => {
    expect(["zh-CN", "zh_Hant", "EN-gb", "fr", "", null, "auto"].map(languageOf)).toEqual([
      ...["zh", "zh", "en", undefined, undefined, undefined, undefined],
    ]);
  });
});

describe("lines to call", () => {
  it("name the emergency number first", () => {
    expect(linesOf("US", "en")[0]?.contact).toBe("911");
    expect(linesOf("CN", "zh")[0]?.contact).toContain("120");
  });

  it("are none where none is known", () => {
    expect(linesOf("AQ", "en")).toEqual([]);
  });

  it("have a country's name in both languages, also where the browser has to know it", () => {
    for (const language of ["en", "zh"] as const) {
      for (const { code, name } of countries(language)) expect(name, code).not.toBe(code);
    }
  });

  it("become addresses of a telephone", () => {
    expect(telephone("+44 116-123")).toBe("tel:+44116123");
  });
});

describe("a figure", () => {
  it.each([
    ["about 5 in 100 had one", "5", "in 100", ["about ", "5 in 100", " had one"]],
    ["约100人有5人", "5", "人", ["约100人有", "5人", ""]],
    ["6 to 7 centimetres", "6 to 7", "cm", ["", "6 to 7", " centimetres"]],
    ["15 in 100, then 5 in 100", "5", "in 100", ["15 in 100, then ", "5 in 100", ""]],
    ["0.5 or 1,5 or 55 or 5", "5", "x", ["0.5 or 1,5 or 55 or ", "5", ""]],
    ["no number", "9", "cm", ["no number", "", ""]],
  ])("is emphasised in %j", (text, value, unit, parts) => {
    expect(emphasise(text, value, unit)).toEqual(parts);
  });
});
