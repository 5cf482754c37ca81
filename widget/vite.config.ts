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
      .replace(/(html`)\n\s+(?=<|\$\{)/g, "$1");
  },
};

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
  plugins: [tightTemplates],
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
      compress: { passes: 3, unsafe_arrows: true },
      mangle: { properties: { regex: privateNames() } },
      format: { comments: false },
    },
    reportCompressedSize: false,
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
