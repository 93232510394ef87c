import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toConfigJsonSchema } from '../../../bff/config-schema.ts';
import { describeFaults, loadConfig, parseConfig, readConfig } from '../../../bff/config.ts';
import { HASH, KEY, sample } from './sample.ts';

function typo(): object {
  const { align } = sample();
  Object.assign(align.environments.sandbox, { alowedHosts: [] });
  return align;
}

const folder = mkdtempSync(join(tmpdir(), 'itero-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

function faults(config: unknown, environment: Record<string, string> = {}): Record<string, string> {
  const outcome = parseConfig(config, environment);
  return outcome.ok ? {} : Object.fromEntries(outcome.error.map(({ key, wanted }) => [key, wanted]));
}

describe('a good configuration', () => {
  it('is read with its defaults', () => {
    const config = loadConfig(write('good.json', JSON.stringify(sample())), {});
    expect(config.process).toMatchObject({
      publicUrl: 'https://bff.example',
      port: 4000,
      dataDir: './data',
    });
    expect(config.process.encryptionKeys).toEqual([new Uint8Array(Buffer.from(KEY, 'base64'))]);
    expect(config.align.environments['sandbox']?.timings.pollFloor).toBe(120_000);
  });

  it('takes values from the environment and from files', () => {
    const secret = write('secret.txt', 'from-a-file\n');
    const config = sample({ port: 'env:PORT', encryptionKeys: ['env:KEY'] });
    config.align.environments.sandbox.clientSecret = `file:${secret}`;
    const outcome = parseConfig(config, { PORT: '4341', KEY });
    expect(outcome).toMatchObject({
      ok: true,
      value: { process: { port: 4341 }, align: { environments: { sandbox: { clientSecret: 'from-a-file' } } } },
    });
  });
});

describe('a file as editors and shells of Windows write it', () => {
  const bom = Buffer.from([0xef, 0xbb, 0xbf]);
  const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');
  const named = (path: string) => {
    const config = sample();
    config.align.environments.sandbox.clientSecret = `file:${path}`;
    return config;
  };

  it('is read without its byte order mark', () => {
    const path = write('bom.json', Buffer.concat([bom, Buffer.from(JSON.stringify(sample()))]));
    expect(readConfig(path, {})).toMatchObject({ ok: true });
    const secret = write('bom.txt', Buffer.concat([bom, Buffer.from('from-a-file\r\n')]));
    const outcome = parseConfig(named(secret), {});
    expect(outcome).toMatchObject({
      ok: true,
      value: { align: { environments: { sandbox: { clientSecret: 'from-a-file' } } } },
    });
  });

  it.each([
    ['with its mark', utf16],
    ['without a mark', (text: string) => Buffer.from(text, 'utf16le')],
  ])('must be UTF-8: UTF-16 %s', (_name, encode) => {
    const path = write('utf16.json', encode(JSON.stringify(sample())));
    expect(readConfig(path, {})).toEqual({ ok: false, error: [{ key: '', wanted: 'must be UTF-8' }] });
    const secret = write('utf16.txt', encode('from-a-file'));
    expect(faults(named(secret))).toEqual({
      'align.environments.sandbox.clientSecret': `needs the file ${secret}, which must be UTF-8`,
    });
  });
});

describe('a partner callback token', () => {
  const withTokens = (sandbox: string, production?: string) => {
    const { align, ...rest } = sample();
    const environment = align.environments.sandbox;
    const environments = {
      sandbox: { ...environment, partnerCallbackToken: sandbox },
      production: { ...environment, ...(production === undefined ? {} : { partnerCallbackToken: production }) },
    };
    return { ...rest, align: { ...align, environments } };
  };
  const key = 'align.environments.sandbox.partnerCallbackToken';

  it('comes out of the environment, one for each of Align’s environments', () => {
    const config = parseConfig(withTokens('env:TOKEN', 'b'.repeat(43)), { TOKEN: 'a'.repeat(43) });
    expect(config).toMatchObject({
      ok: true,
      value: { align: { environments: { sandbox: { partnerCallbackToken: 'a'.repeat(43) } } } },
    });
  });

  it.each([
    ['shorter than 256 bits', 'a'.repeat(42)],
    ['of letters that no URL holds', `${'a'.repeat(42)}/`],
    ['empty', ''],
  ])('is refused where it is %s, and not shown', (_name, token) => {
    const told = faults(withTokens(token));
    expect(told[key]).toMatch(/^must be 256 random bits or more in base64url/);
    if (token !== '') expect(JSON.stringify(told)).not.toContain(token);
  });

  it('is refused where two environments have the same', () => {
    expect(faults(withTokens('a'.repeat(43), 'a'.repeat(43)))).toEqual({
      'align.environments': 'must not give two environments the same partnerCallbackToken',
    });
  });
});

describe('a bad configuration', () => {
  const [vendor] = sample().vendors;
  it.each([
    ['a port that is none', { port: 70_000 }, 'port'],
    ['a port in words', { port: 'four thousand' }, 'port'],
    ['plain http in public', { publicUrl: 'http://bff.example' }, 'publicUrl'],
    ['a public address with a path', { publicUrl: 'https://bff.example/itero' }, 'publicUrl'],
    ['no encryption key', { encryptionKeys: [] }, 'encryptionKeys'],
    ['an empty encryption key', { encryptionKeys: [''] }, 'encryptionKeys[0]'],
    ['a short encryption key', { encryptionKeys: [Buffer.alloc(16).toString('base64')] }, 'encryptionKeys[0]'],
    ['the same encryption key twice', { encryptionKeys: [KEY, KEY] }, 'encryptionKeys'],
    ['a store of no kind', { store: 'mysql://x' }, 'store'],
    ['no vendor', { vendors: [] }, 'vendors'],
    ['a vendor twice', { vendors: [vendor, { ...vendor, apiKeyHashes: ['b'.repeat(64)] }] }, 'vendors'],
    ['a key hash of two vendors', { vendors: [vendor, { ...vendor, id: 'other' }] }, 'vendors'],
    [
      'a key instead of its hash',
      { vendors: [{ ...vendor, apiKeyHashes: ['vk_secret'] }] },
      'vendors[0].apiKeyHashes[0]',
    ],
    [
      'an origin with a slash',
      { vendors: [{ ...vendor, allowedOrigins: ['https://a.example/'] }] },
      'vendors[0].allowedOrigins[0]',
    ],
    ['an origin for everybody', { vendors: [{ ...vendor, allowedOrigins: ['*'] }] }, 'vendors[0].allowedOrigins[0]'],
    [
      'a webhook over http',
      { vendors: [{ ...vendor, webhook: { url: 'http://a.example', secret: `whsec_${'A'.repeat(32)}` } }] },
      'vendors[0].webhook.url',
    ],
    ['a setting with a typing error', { prot: 4000 }, 'prot'],
    ['an Align setting with a typing error', { align: typo() }, 'align.environments.sandbox.alowedHosts'],
    ['nothing about Align', { align: undefined }, 'align'],
    [
      'an environment that is not there',
      { align: { ...sample().align, environment: 'production' } },
      'align.environment',
    ],
  ])('with %s names the key', (_name, change, key) => {
    expect(Object.keys(faults(sample(change)))).toEqual([key]);
  });

  it('is told with every fault at once, in sentences, without one value', () => {
    const config = sample({
      port: -1,
      publicUrl: 'Canary-url',
      encryptionKeys: ['Canary-key', 'env:MISSING'],
      vendors: [{ ...vendor, name: '', apiKeyHashes: ['Canary-hash'] }],
    });
    config.align.environments.sandbox.clientSecret = 'file:/no/such/file';
    const path = write('bad.json', JSON.stringify(config));
    let message = '';
    try {
      loadConfig(path, {});
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toContain('Canary');
    expect(message.split('\n')).toEqual([
      `The configuration ${path} has 7 faults:`,
      '  - encryptionKeys[1] needs the environment variable MISSING, which is not set',
      '  - align.environments.sandbox.clientSecret needs the file /no/such/file, which cannot be read',
      '  - publicUrl must be the https address people reach this service at, without a path (http for localhost only)',
      '  - port must be a port number from 0 to 65535 (0: any free one)',
      '  - encryptionKeys[0] must be 32 random bytes in base64; make one with: npm run config:keys',
      '  - vendors[0].name must be the product’s name',
      '  - vendors[0].apiKeyHashes[0] must be a SHA-256 in hex (64 digits); make one with: npm run config:keys',
    ]);
  });

  it('that is no JSON is told with its place and without its text', () => {
    const outcome = readConfig(write('broken.json', '{\n  "clientSecret": "Canary" x\n}'), {});
    expect(outcome).toEqual({
      ok: false,
      error: [{ key: '', wanted: expect.stringMatching(/^is not JSON/) as string }],
    });
    expect(JSON.stringify(outcome)).not.toContain('Canary');
  });

  it('that is not there is told so', () => {
    expect(() => loadConfig(join(folder, 'none.json'), {})).toThrow(
      /none\.json has one fault:\n {2}- the file does not exist/,
    );
  });

  it('may not poll more often than every 120 s outside a simulator', () => {
    const config = sample();
    Object.assign(config.align.environments.sandbox, { timings: { pollFloor: 60_000 } });
    expect(faults(config)).toEqual({
      'align.environments.sandbox.timings.pollFloor': 'must be at least 120000 unless the environment is simulated',
    });
  });
});

describe('the shipped schema', () => {
  it('is current', () => {
    const shipped = readFileSync(new URL('../../../bff/config.schema.json', import.meta.url), 'utf8');
    expect(shipped === toConfigJsonSchema(), 'run: node bff/config-schema.ts').toBe(true);
  });

  it('knows every setting', () => {
    const schema = JSON.parse(toConfigJsonSchema()) as { properties: object; required: string[] };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining([...Object.keys(sample()), 'port', 'host', 'metricsPort', 'dataDir', 'align']),
    );
    expect(schema.required).toEqual(
      expect.arrayContaining(['publicUrl', 'store', 'encryptionKeys', 'vendors', 'align']),
    );
  });
});

it('faults of one key are told in one line', () => {
  expect(describeFaults('x.json', [{ key: 'port', wanted: 'is missing' }])).toBe(
    'The configuration x.json has one fault:\n  - port is missing',
  );
  expect(HASH).toHaveLength(64);
});
