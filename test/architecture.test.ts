/** The rules of ARCHITECTURE.md that a machine can check. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = files.filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.endsWith('.d.ts'));

interface Import {
  readonly from: string;
  /** A path inside the repository, or a bare specifier. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? '';
    const to = specifier.startsWith('.')
      ? normalize(join(dirname(file), specifier))
          .split(sep)
          .join('/')
      : specifier;
    return { from: file, to, typeOnly: match[1] !== undefined };
  });
}

const imports = sources.flatMap(importsOf);
const within = (folder: string) => (edge: Import) => edge.from.startsWith(`${folder}/`);
const show = (edges: Import[]): string[] => edges.map((edge) => `${edge.from} → ${edge.to}`);
const isLocal = (edge: Import): boolean => existsSync(join(root, edge.to));

describe('who may import whom', () => {
  it('sees the imports at all', () => {
    expect(imports.filter(within('bff')).length).toBeGreaterThan(20);
  });

  it('shared imports valibot and itself only', () => {
    expect(
      show(imports.filter(within('shared')).filter((edge) => edge.to !== 'valibot' && !edge.to.startsWith('shared/'))),
    ).toEqual([]);
  });

  it('widget imports shared, itself and packages of the browser only', () => {
    const allowed = /^(widget\/|shared\/|lit$|lit\/|@lit\/|@lit-labs\/virtualizer|idb-keyval$|valibot$)/;
    expect(show(imports.filter(within('widget')).filter((edge) => !allowed.test(edge.to)))).toEqual([]);
  });

  it('bff never imports widget, demo or test', () => {
    expect(show(imports.filter(within('bff')).filter((edge) => /^(widget|demo|test)\//.test(edge.to)))).toEqual([]);
  });

  it('the simulator imports nothing of ours', () => {
    const ours = imports
      .filter(within('demo/align-cloud'))
      .filter((edge) => isLocal(edge) && !edge.to.startsWith('demo/align-cloud/'));
    expect(show(ours)).toEqual([]);
  });

  it('the demo practice system imports nothing of ours: it uses the product as a customer does', () => {
    const ours = imports
      .filter(within('demo/dpms'))
      .filter((edge) => isLocal(edge) && !edge.to.startsWith('demo/dpms/'));
    expect(show(ours)).toEqual([]);
  });

  it('only align/index is imported from outside align/', () => {
    const inward = imports
      .filter((edge) => edge.from.startsWith('bff/') && !edge.from.startsWith('bff/align/'))
      .filter((edge) => edge.to.startsWith('bff/align/') && edge.to !== 'bff/align/index.ts');
    expect(show(inward)).toEqual([]);
  });

  it('upstream’s words stay in align/wire and its neighbours', () => {
    const words = /\b(companyId|IMAGE_GALLERY|SCREEN_CAPTURES|getAvailableCompanies|getPracticeConfiguration)\b/;
    const leaks = sources.filter(
      (file) =>
        /^(bff|widget|shared)\//.test(file) &&
        !file.startsWith('bff/align/') &&
        words.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(leaks).toEqual([]);
  });

  it('process.env is read in main alone', () => {
    const readers = sources.filter(
      (file) =>
        file.startsWith('bff/') &&
        file !== 'bff/main.ts' &&
        readFileSync(join(root, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual([]);
  });

  it('time comes from the clock port alone', () => {
    const clocks = sources.filter(
      (file) =>
        file.startsWith('bff/') &&
        !['bff/clock.ts', 'bff/main.ts'].includes(file) &&
        /\b(Date\.now\(|setTimeout\(|setInterval\()/.test(
          readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
        ),
    );
    expect(clocks).toEqual([]);
  });
});

/** Folder → folders of the same side it may import. Everything may use what stands under `base`. */
const ARROWS: Record<string, readonly string[]> = {
  store: [],
  audit: ['store', 'http'],
  ledger: ['store', 'align', 'http', 'audit'],
  events: ['store', 'http', 'session'],
  align: [],
  vault: ['store', 'align', 'events'],
  http: ['session', 'audit', 'store'],
  session: ['store', 'http', 'audit'],
  pairing: ['store', 'align', 'vault', 'events', 'http', 'audit', 'ledger'],
  requests: ['store', 'align', 'vault', 'pairing', 'events', 'http', 'audit', 'session'],
  scans: ['store', 'align', 'vault', 'pairing', 'events', 'http', 'audit', 'session'],
  where: ['store', 'align', 'vault', 'pairing', 'requests', 'scans', 'http', 'audit'],
  intake: ['store', 'align', 'vault', 'pairing', 'scans', 'events', 'http'],
};

describe('the arrows of the flow', () => {
  const folderOf = (path: string): string | undefined => /^bff\/([^/]+)\//.exec(path)?.[1];

  it('knows every folder of bff/', () => {
    const folders = new Set(sources.map(folderOf).filter((folder) => folder !== undefined));
    expect([...folders].filter((folder) => !(folder in ARROWS))).toEqual([]);
  });

  it('feature folders meet only along them', () => {
    const astray = imports.filter((edge) => {
      const from = folderOf(edge.from);
      const to = folderOf(edge.to);
      return from !== undefined && to !== undefined && from !== to && !(ARROWS[from] ?? []).includes(to);
    });
    expect(show(astray)).toEqual([]);
  });

  it('has no import cycle', () => {
    const edges = new Map<string, string[]>();
    for (const edge of imports) {
      if (edge.typeOnly || !isLocal(edge) || edge.to.endsWith('/')) continue;
      edges.set(edge.from, [...(edges.get(edge.from) ?? []), edge.to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, trail: string[]): void => {
      if (trail.includes(file)) {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) walk(next, [...trail, file]);
      done.add(file);
    };
    for (const file of edges.keys()) walk(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('rooms a reader finds the way in', () => {
  it('no file is longer than 400 lines', () => {
    const long = files
      .filter((file) => /\.(ts|js|css|html)$/.test(file))
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it('no folder or file is called utils, helpers, common, manager or service', () => {
    const vague = files.filter((file) =>
      /(^|\/)(utils?|helpers?|common|managers?|services?)(\.[^/]*)?(\/|$)/.test(file),
    );
    expect(vague).toEqual([]);
  });

  it('files are kebab-case', () => {
    const odd = sources.filter(
      (file) => /^(shared|bff|widget|demo|test)\//.test(file) && !/^[a-z0-9.-]+$/.test(file.split('/').at(-1) ?? ''),
    );
    expect(odd).toEqual([]);
  });

  it('every test can fail: none is skipped, focused or empty', () => {
    const weak = files.filter(
      (file) =>
        file.endsWith('.test.ts') &&
        /\b(it|test|describe)\.(skip|only|todo)\b|\bxit\(|\bxdescribe\(/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(weak.filter((file) => relative('test/architecture.test.ts', file) !== '')).toEqual([]);
  });
});
