/** The documentation's code blocks, executed. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { parseConfig } from '../bff/config.ts';
import { sessionAnswerSchema } from '../shared/session.ts';
import { startBff, VENDOR_KEYS } from './support/bff.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/embedding.md', import.meta.url)), 'utf8');

function block(kind: string): string {
  const found = new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/embedding.md has no block "${kind}".`);
  return found;
}

describe('docs/embedding.md', () => {
  it('shows a configuration that the BFF accepts', () => {
    const env = {
      ITERO_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      ITERO_VENDOR_KEY_HASH: 'ab'.repeat(32),
      ALIGN_CLIENT_ID: 'id',
      ALIGN_CLIENT_SECRET: 'secret',
    };
    expect(parseConfig(JSON.parse(block('json config')), env)).toMatchObject({ ok: true });
  });

  it('shows a session route that works: it grants the clinic’s chart and refuses another', async () => {
    const bff = await startBff({});
    try {
      const file = join(mkdtempSync(join(tmpdir(), 'itero-docs-')), 'mint.mjs');
      writeFileSync(file, block('js mint'));
      const { iteroSession } = (await import(pathToFileURL(file).href)) as {
        iteroSession: (request: Request, parts: unknown) => Promise<Response>;
      };
      const ask = (wish: unknown, headers: Record<string, string> = { 'x-itero-embed': '1' }): Promise<Response> =>
        iteroSession(
          new Request('https://app.dpms.example/itero/session', {
            method: 'POST',
            headers,
            body: JSON.stringify(wish),
          }),
          {
            me: { clinicId: 'riverside', clinicName: 'Riverside', id: 'u-1', name: 'Dr. A', may: () => true },
            findPatient: (chart: string) =>
              chart === 'LH-1' ? { chartNumber: chart, firstName: 'M', lastName: 'B' } : undefined,
            bff: bff.url,
            vendorKey: VENDOR_KEYS.molar,
          },
        );
      const granted = await ask({ chartNumber: 'LH-1', components: ['scan_inbox'], reason: 'start' });
      const answer = v.parse(sessionAnswerSchema, await granted.json());
      const scans = await fetch(`${bff.url}/v1/scans/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${answer.session_token}`, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(scans.status).toBe(200);
      expect((await ask({ chartNumber: 'LH-2', components: ['scan_inbox'], reason: 'start' })).status).toBe(403);
      expect((await ask({ components: ['scan_inbox'], reason: 'start' }, {})).status).toBe(400);
    } finally {
      await bff.stop();
    }
  });

  it('names elements and attributes that exist', () => {
    const sources = ['itero-pair', 'itero-scan-request', 'itero-scan-inbox'];
    const tags = [...block('html embed').matchAll(/<(itero-[a-z-]+)/g)].map((match) => match[1] ?? '');
    expect([...new Set(tags)].sort()).toEqual([...sources].sort());
    const define = readFileSync(fileURLToPath(new URL('../widget/define.ts', import.meta.url)), 'utf8');
    for (const tag of tags)
      expect(
        define + readFileSync(fileURLToPath(new URL(`../widget/${tag}/${tag}.ts`, import.meta.url)), 'utf8'),
      ).toContain(tag);
    const request = readFileSync(
      fileURLToPath(new URL('../widget/itero-scan-request/itero-scan-request.ts', import.meta.url)),
      'utf8',
    );
    const core = readFileSync(fileURLToPath(new URL('../widget/core/itero-element.ts', import.meta.url)), 'utf8');
    for (const attribute of ['first-name', 'last-name', 'chart-number', 'date-of-birth'])
      expect(request + core).toContain(`'${attribute}'`);
  });

  it('names every event that the elements fire', () => {
    const events = readFileSync(fileURLToPath(new URL('../widget/core/events.ts', import.meta.url)), 'utf8');
    const fired = [...new Set([...events.matchAll(/'(itero-[a-z-]+)'/g)].map((match) => match[1] ?? ''))];
    expect(fired.length).toBeGreaterThan(10);
    expect(fired.filter((name) => !page.includes(name))).toEqual([]);
  });
});
