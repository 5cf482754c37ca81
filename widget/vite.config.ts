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
      compress: { passes: 3, unsafe_arrows: true, drop_console: true },
      format: { comments: false },
    },
    reportCompressedSize: false,
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
