/** Rules of the source that no linter knows. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import data from "../src/generated/data.json";

const root = new URL("../src/", import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: "utf-8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => [name, readFileSync(join(root, name), "utf-8")] as const);
const all = files.map(([, text]) => text).join("\n");

describe("source", () => {
  it.each(files)("%s makes no HTML or code from text", (_, text) => {
    expect(text).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|unsafeSVG|document\.write|\beval\b|new Function|DOMParser|srcdoc/,
    );
  });

  it.each(files)(
    "%s has no inline style, script or handler, which a site's CSP forbids",
    (_, text) => {
      expect(text).not.toMatch(/\sstyle=|<style|<script|\son[a-z]+=["'$]|styleMap/);
    },
  );

  it("names no other host", () => {
    expect(all).not.toMatch(/https?:\/\/\w/);
  });

  it("says nothing in a language of its own: all words are in data/widget/words.yml", () => {
    expect(all).not.toMatch(/[\u4e00-\u9fff]/);
  });

  it("uses every word of data/widget/words.yml", () => {
    const built =
      /^(size_\d|(language|theme)_(auto|en|zh|light|dark)|(assistant|counsellor)_writing|close_(help|settings)|sending|waiting|person|assistant)$/;
    const unused = Object.keys(data.words).filter(
      (id) => !built.test(id) && !all.includes(`"${id}"`),
    );
    expect(unused).toEqual([]);
  });
});
