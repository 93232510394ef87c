import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/**
 * The embed module that the BFF serves under `/embed/v1/`. Not `build.lib`: that keeps white space. Lazy parts and the
 * Lit they share are chunks beside the entry, by relative path: the folder is shipped as a whole.
 */
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: 'dist/embed',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: {
      input: { itero: fileURLToPath(new URL('widget/define.ts', import.meta.url)) },
      preserveEntrySignatures: 'exports-only',
      output: {
        format: 'es',
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
});
