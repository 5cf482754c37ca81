/** Fails when the built script is larger, gzipped, than a phone on a slow line should load. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 25 * 1024;
const size = gzipSync(readFileSync(new URL("./dist/upright.js", import.meta.url)), {
  level: 9,
}).length;
console.log(`dist/upright.js: ${size} bytes gzipped, limit ${LIMIT}`);
process.exitCode = size > LIMIT ? 1 : 0;
