import { defineConfig } from 'vitest/config';

/** One classic script without chunks, so that a site needs a single tag and a single CSP entry. */
export default defineConfig({
  build: {
    target: 'es2021',
    lib: {
      entry: 'src/index.ts',
      formats: ['iife'],
      name: 'Upright',
      fileName: () => 'upright.js',
    },
    cssMinify: 'esbuild',
    reportCompressedSize: false,
  },
  test: { environment: 'node', include: ['tests/**/*.test.ts'] },
});
