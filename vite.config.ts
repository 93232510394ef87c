import { fileURLToPath } from 'node:url';
import { defineConfig, parseAst, type Plugin } from 'vite';

/** The modules of the elements; what they import comes with them. */
const ELEMENT = /\/widget\/(itero-[a-z-]+)\/\1\.ts$/;
const TEMPLATE = /\b(?:html|css|svg)`/;
const LINE_BREAK = /\s*\n\s*/g;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Every template literal tagged `html`, `svg` or `css` below a node. */
function* taggedTemplates(node: Node): Generator<{ tag: string; quasis: Node[] }> {
  if (node.type === 'TaggedTemplateExpression') {
    const { tag, quasi } = node as unknown as { tag: Node & { name?: string }; quasi: { quasis: Node[] } };
    if (tag.name === 'html' || tag.name === 'css' || tag.name === 'svg') yield { tag: tag.name, quasis: quasi.quasis };
  }
  for (const child of Object.values(node)) {
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) yield* taggedTemplates(one);
  }
}

/** Styles without comments, the white space that the grammar does not need, last semicolons and leading zeros. */
function foldStyles(styles: string): string {
  return styles
    .replaceAll(/\/\*.*?\*\//g, '')
    .replaceAll(/\s*([{};,])\s*| ([*>]) |(?<=[\w)-]:) /g, '$1$2')
    .replaceAll(';}', '}')
    .replaceAll(/(?<=[\s(,:])0\./g, '.');
}

/**
 * Takes the indentation out of templates and styles. Only white space around a line break is folded, into one space,
 * which HTML reads the same (no template here is white-space sensitive).
 */
function foldTemplates(): Plugin {
  return {
    name: 'itero:fold-templates',
    apply: 'build',
    transform: {
      filter: { id: /\/widget\/.*\.ts$/, code: TEMPLATE },
      handler(code) {
        // Vite has taken the types away by now.
        const edits: { start: number; end: number; text: string }[] = [];
        for (const { tag, quasis } of taggedTemplates(parseAst(code) as unknown as Node)) {
          for (const { start, end } of quasis) {
            const folded = code.slice(start, end).replaceAll(LINE_BREAK, ' ');
            const text = tag === 'css' ? foldStyles(folded) : folded;
            edits.push({ start, end, text });
          }
        }
        let out = code;
        for (const { start, end, text } of edits.sort((a, b) => b.start - a.start)) {
          out = out.slice(0, start) + text + out.slice(end);
        }
        return { code: out, map: null };
      },
    },
  };
}

/** Lazy parts have no style sheets and nothing to preload: Vite's helper around `import()` would only weigh 1.4 KB. */
function plainImports(): Plugin {
  return {
    name: 'itero:plain-imports',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: /^\0vite\/preload-helper\.js$/ },
      handler: () => 'export const __vitePreload = (load) => load();',
    },
  };
}

/**
 * The embed module that the BFF serves under `/embed/v1/`. Not `build.lib`: that keeps white space. Lazy parts and the
 * Lit they share are chunks beside the entry, by relative path: the folder is shipped as a whole.
 */
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [plainImports(), foldTemplates()],
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
        // All that is needed at once in one file, whatever lazy parts share with it: one round trip after the entry.
        codeSplitting: { groups: [{ name: 'elements', test: ELEMENT }] },
      },
    },
  },
});
