import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Takes the indentation out of templates; no line of the code itself begins or ends like this. */
const tightTemplates: Plugin = {
  name: "tight-templates",
  apply: "build",
  enforce: "pre",
  transform(code, id) {
    if (!id.includes("/src/ui/")) return null;
    return code
      .replace(/>\n\s+(?=<|\$\{)/g, ">")
      .replace(/\}\n\s+(?=<)/g, "}")
      .replace(/\n\s+(?=[@.?][a-z]+=)/g, " ")
      .replace(/(html`)\n\s+(?=<|\$\{)/g, "$1");
  },
};

/** Takes out of Lit what serves browsers without shadow trees, which cannot show the chat anyway. */
const noPolyfills: Plugin = {
  name: "no-polyfills",
  apply: "build",
  enforce: "pre",
  transform(code, id) {
    if (!/node_modules\/(?:@lit|lit)/.test(id)) return null;
    return code
      .replace(/\w+\.\w+PolyfillSupport/g, "undefined")
      .replace(/\(\w+\.\w+Versions\s*\?\?=\s*\[\]\)\.push\([^)]*\)/g, "0");
  },
};

/** Shortens the ids of words that are named whole in the source, in the words and where they are said. */
function shortIds(): Plugin {
  const words = JSON.parse(readFileSync("src/generated/data.json", "utf-8")).words;
  const files = readdirSync("src", { recursive: true, encoding: "utf-8" });
  const source = files.filter((name) => name.endsWith(".ts"));
  const text = source.map((name) => readFileSync(`src/${name}`, "utf-8")).join();
  const named = Object.keys(words).filter((id) => id.includes("_") && text.includes(`"${id}"`));
  const short = new Map(named.map((id, index) => [`"${id}"`, `"${index.toString(36)}"`]));
  return {
    name: "short-ids",
    apply: "build",
    enforce: "pre",
    transform: (code, id) =>
      id.includes("/widget/src/")
        ? code.replace(/"\w+_\w+"/g, (name) => short.get(name) ?? name)
        : null,
  };
}

/**
 * Names that TypeScript keeps private to a class, to be shortened. A name that is also bound in a
 * template, or is a key of something kept or sent, stays; DOM names are never touched by terser.
 */
function privateNames(): RegExp {
  const names = new Set<string>();
  const fixed = new Set(["settings", "session"]);
  for (const file of readdirSync("src", { recursive: true, encoding: "utf-8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(`src/${file}`, "utf-8");
    const declared = /private (?:readonly |async |get |set )*(\w{4,})/g;
    for (const [, name = ""] of text.matchAll(declared)) names.add(name);
    for (const [, name = ""] of text.matchAll(/\.(\w+)=\$\{/g)) fixed.add(name);
    for (const [, name = ""] of text.matchAll(/["'](\w+)["']/g)) fixed.add(name);
  }
  return new RegExp(`^(?:${[...names].filter((name) => !fixed.has(name)).join("|")})$`);
}

/** One classic script without chunks, so that a site needs a single tag and a single CSP entry. */
export default defineConfig({
  plugins: [tightTemplates, noPolyfills, shortIds()],
  build: {
    target: "es2021",
    lib: {
      entry: "src/index.ts",
      formats: ["iife"],
      name: "Upright",
      fileName: () => "upright.js",
    },
    minify: "terser",
    terserOptions: {
      ecma: 2020,
      compress: { passes: 5, unsafe_arrows: true, pure_getters: true },
      mangle: { properties: { regex: privateNames() } },
      format: { comments: false },
    },
    reportCompressedSize: false,
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
