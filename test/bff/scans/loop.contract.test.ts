/** From an RX to a picture and a zip, against the simulator. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import type { ScanDetail, ScanList } from '../../../shared/scan.ts';
import { startBff, VENDOR_ORIGINS, type TestBff } from '../../support/bff.ts';
import { openStream } from '../support/stream-client.ts';
import { NOTIFIED_ONLY, pairAndList } from '../support/pair-and-list.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'itero-loop-'));
let cloud: AlignCloud;
let bff: TestBff;
let token: string;

beforeAll(async () => {
  cloud = await createAlignCloud({
    port: 0,
    cdnPort: 0,
    clock: 'manual',
    seed: 11,
    detail: 'small',
    startAt: Date.UTC(2026, 10, 23, 9),
    dataDir: join(folder, 'cloud'),
  });
  bff = await startBff({ cloud, dataDir: join(folder, 'bff'), timings: NOTIFIED_ONLY });
  await pairAndList(bff, 'riverside');
});
beforeEach(async () => {
  token = (await bff.mint('riverside')).session_token;
});
afterAll(async () => {
  await bff.stop();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

async function json<T>(answer: Promise<Response>): Promise<T> {
  const response = await answer;
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body as T;
}
const list = (body: object = {}, as = token) => json<ScanList>(bff.call(as, 'POST', '/v1/scans/search', body));
const detail = (orderId: string, as = token) => json<ScanDetail>(bff.call(as, 'GET', `/v1/scans/${orderId}`));
const open = (link: string | null | undefined, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(new URL(link ?? '/nowhere', bff.url), { headers, method });

let serial = 0;
async function scanOf(change: { captures?: boolean } = {}): Promise<ScanDetail> {
  serial += 1;
  const patient = { firstName: 'Zoë', lastName: `Quill ${serial}`, chartNumber: `L-${serial}` };
  const teeth = [{ adaId: 14, restorationType: 'Crown' }];
  const draft = { patient, doctorId: '2001', procedureId: '4', procedureTypeId: '401', teeth };
  const request = await json<ScanRequest>(bff.call(token, 'POST', '/v1/scan-requests', draft));
  const done = cloud.perform({ do: 'scan', rxId: request.rxId ?? '', captures: change.captures ?? true });
  await done.finished;
  await cloud.settled();
  await until(async () => (await list({ chartNumber: patient.chartNumber })).items.length === 1);
  return detail(String(done.orderId));
}

/** One scan for all tests that change nothing about it, with links of this test's session. */
let first: Promise<ScanDetail> | undefined;
async function someScan(): Promise<ScanDetail> {
  first ??= scanOf();
  return detail((await first).orderId);
}

describe('the whole loop', () => {
  it('tells the stream of a scan and shows it with its request, six pictures and files', async () => {
    const stream = await openStream(bff.url, token);
    const scan = await scanOf();
    const received = await until(async () =>
      stream.events.find((event) => event.type === 'scan.received' && event.data['orderId'] === scan.orderId),
    );
    stream.close();
    expect(received.data).toMatchObject({ orderId: scan.orderId, requestId: scan.requestId });
    expect(JSON.stringify(received)).not.toContain('Quill');
    expect(scan).toMatchObject({ unread: true, unmatched: false, otherIdentity: false, learntBy: 'notification' });
    expect(scan.thumbnails).toHaveLength(6);
    expect(scan.history[0]).toMatchObject({ number: scan.versionNumber, version: scan.version });
  });

  it('serves each picture small and full', async () => {
    const scan = await someScan();
    for (const thumbnail of scan.thumbnails) {
      const small = await open(thumbnail.small);
      const full = await open(thumbnail.full);
      expect([small.status, full.status]).toEqual([200, 200]);
      expect(small.headers.get('content-type')).toBe('image/jpeg');
      expect(small.headers.get('cache-control')).toContain('private');
      expect(small.headers.get('referrer-policy')).toBe('no-referrer');
      expect(small.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      const [few, many] = [await small.arrayBuffer(), await full.arrayBuffer()];
      expect(Buffer.from(few).subarray(0, 3).toString('hex')).toBe('ffd8ff');
      expect(few.byteLength).toBeLessThan(many.byteLength);
      const again = await open(thumbnail.small, { 'if-none-match': small.headers.get('etag') ?? '' });
      expect(again.status).toBe(304);
    }
  });

  it('answers a small picture out of memory as it did the first time', async () => {
    const link = (await scanOf()).thumbnails[2]?.small;
    const answers = [];
    for (let time = 0; time < 3; time += 1) {
      const answer = await open(link, { origin: VENDOR_ORIGINS.molar });
      const own = ['date', 'x-request-id'];
      const headers = [...answer.headers].filter(([name]) => !own.includes(name));
      const body = Buffer.from(await answer.arrayBuffer()).toString('hex');
      answers.push({ status: answer.status, id: answer.headers.get('x-request-id'), same: { headers, body } });
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[1]?.same).toEqual(answers[0]?.same);
    expect(answers[2]?.same).toEqual(answers[0]?.same);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(3);
  });

  it('keeps pictures encrypted at rest', async () => {
    await open((await someScan()).thumbnails[0]?.small);
    const files = readdirSync(join(folder, 'bff', 'pictures'), { recursive: true, withFileTypes: true });
    const pictures = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name)));
    expect(pictures.length).toBeGreaterThanOrEqual(12);
    expect(pictures.filter((bytes) => bytes.includes(Buffer.from('JFIF')))).toEqual([]);
  });

  it('streams the iDE and the captures as zips that the system unpacks', async () => {
    const scan = await someScan();
    for (const [name, wanted] of [
      ['ide', /\.(stl|ply)/],
      ['captures', /\.jpg/],
    ] as const) {
      const answer = await open(scan.assets[name].link);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-disposition')).toBe(
        `attachment; filename="iTero_${scan.orderId}_${name}.zip"`,
      );
      const path = join(folder, `${name}.zip`);
      writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
      expect(execFileSync('unzip', ['-t', path], { encoding: 'utf8' })).toMatch(wanted);
    }
    const audited = await bff.bff.store.db
      .selectFrom('audit')
      .select(['user_id', 'subject'])
      .where('action', '=', 'scan.downloaded')
      .where('subject', '=', scan.orderId)
      .execute();
    expect(audited).toHaveLength(2);
    expect(audited[0]?.user_id).toBe('u-dentist');
  });

  it('passes ranges on, and gives the whole to one who holds another version', async () => {
    const scan = await someScan();
    const { link } = scan.assets.ide;
    const whole = Buffer.from(await (await open(link)).arrayBuffer());
    const head = await open(link, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    const etag = head.headers.get('etag') ?? '';
    const rest = await open(link, { range: 'bytes=100-', 'if-range': etag });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([
      206,
      `bytes 100-${whole.length - 1}/${whole.length}`,
    ]);
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(100))).toBe(true);
    const end = await open(link, { range: 'bytes=-22' });
    expect(Buffer.from(await end.arrayBuffer()).equals(whole.subarray(-22))).toBe(true);
    const other = await open(link, { range: 'bytes=100-', 'if-range': '"other"' });
    expect(other.status).toBe(200);
    await other.arrayBuffer();
    const beyond = await open(link, { range: `bytes=${whole.length}-` });
    expect(beyond.status).toBe(416);
  });

  it('shows the resolved prescription', async () => {
    const scan = await someScan();
    const rx = await json<{ rxId: string; rows: unknown[] }>(bff.call(token, 'GET', `/v1/scans/${scan.orderId}/rx`));
    expect(rx.rxId).toBe(scan.rxId);
    expect(rx.rows.length).toBeGreaterThan(2);
  });

  it('follows the case through modeling and a rescan', async () => {
    const scan = await scanOf();
    for (const event of ['sent-to-modeling', 'modeling-completed'] as const) {
      const done = cloud.perform({ do: 'move', orderId: Number(scan.orderId), event });
      await done.finished;
      await cloud.settled();
    }
    const later = await until(async () => {
      const now = await detail(scan.orderId);
      return now.status === 'Lab Review' && now;
    });
    expect(later.versionNumber).toBeGreaterThan(scan.versionNumber);
    expect(later.history.map((entry) => entry.number)).toEqual(
      Array.from({ length: later.versionNumber }, (_, index) => later.versionNumber - index),
    );
  });
});

describe('the vendor’s backend', () => {
  const key = 'vk_test_molar';
  const get = (path: string, as = key) => bff.call(as, 'GET', path);

  it('reads a clinic’s scans page by page, and their files, without any session', async () => {
    const scan = await someScan();
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: ScanList = await json(get(`/v1/server/riverside/scans?limit=1${query}`));
      found.push(...page.items.map((item) => item.orderId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(found).toContain(scan.orderId);
    expect(new Set(found).size).toBe(found.length);
    const one = await json<ScanDetail>(get(`/v1/server/riverside/scans/${scan.orderId}`));
    const file = await open(one.assets.ide.link);
    expect(file.status).toBe(200);
    await file.arrayBuffer();
    expect((await open(one.thumbnails[0]?.small)).status).toBe(200);
  });

  it('finds nothing of a clinic that is another vendor’s, unknown, or never connected', async () => {
    const { orderId } = await someScan();
    for (const path of ['/v1/server/nobody/scans', '/v1/server/lakeview/scans', `/v1/server/nobody/scans/${orderId}`]) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get('/v1/server/riverside/scans', 'vk_test_incisor')).status).toBe(404);
    expect((await get('/v1/server/riverside/scans?limit=0')).status).toBe(400);
  });
});

describe('a scan without any request', () => {
  it('stands in the unmatched tray until its chart is known here', async () => {
    const patient = { firstName: 'Walk', lastName: 'In', chartNumber: 'W-1' };
    await cloud.perform({ do: 'scan-without-rx', companyId: 1017, patient }).finished;
    await cloud.settled();
    const scan = await until(async () => {
      return (await list({ status: 'unmatched' })).items.find((one) => one.patient.chartNumber === 'W-1');
    });
    expect(scan.unmatched).toBe(true);
    const before = (await list()).unmatched;
    const bound = await bff.mint('riverside', { patient: { chartNumber: 'W-1' } });
    expect((await list({}, bound.session_token)).items.map((one) => one.orderId)).toEqual([scan.orderId]);
    expect((await list()).unmatched).toBe(before - 1);
  });
});

describe('read marks', () => {
  it('are the user’s, and count', async () => {
    const scan = await someScan();
    const before = (await list()).unread;
    const read = (value: boolean) =>
      json<{ unread: number }>(
        bff.call(token, 'POST', `/v1/scans/${scan.orderId}/read`, { version: scan.version, read: value }),
      );
    expect((await read(true)).unread).toBe(before - 1);
    expect((await read(true)).unread).toBe(before - 1);
    const other = await bff.mint('riverside', { user: { id: 'u-assistant' } });
    expect((await detail(scan.orderId, other.session_token)).unread).toBe(true);
    expect((await detail(scan.orderId)).unread).toBe(false);
    expect((await read(false)).unread).toBe(before);
  });
});

describe('a link', () => {
  const problem = async (answer: Promise<Response>) => {
    const response = await answer;
    return [response.status, ((await response.json()) as { code: string }).code];
  };

  it('is refused when it was changed in any part', async () => {
    const scan = await someScan();
    const link = scan.assets.ide.link ?? '';
    const parts = link.slice('/v1/assets/'.length).split('.');
    for (let part = 1; part < parts.length; part += 1) {
      const text = parts[part] ?? '';
      const changed = text.startsWith('1') ? `2${text.slice(1)}` : `1${text.slice(1)}`;
      const forged = `/v1/assets/${parts.with(part, changed).join('.')}`;
      expect(await problem(open(forged))).toEqual([404, 'not_found']);
    }
    const stranger = (await bff.mint('lakeview')).id;
    expect(await problem(open(`/v1/assets/${parts.with(0, stranger).join('.')}`))).toEqual([404, 'not_found']);
  });

  it('ends after five minutes, and with its session', async () => {
    const scan = await someScan();
    await cloud.clock.advance(301_000);
    expect(await problem(open(scan.thumbnails[0]?.small))).toEqual([410, 'link_expired']);
    const session = await bff.mint('riverside');
    const fresh = await detail(scan.orderId, session.session_token);
    expect((await open(fresh.thumbnails[0]?.small)).status).toBe(200);
    await bff.call('vk_test_molar', 'DELETE', `/v1/sessions/${session.id}`);
    expect(await problem(open(fresh.thumbnails[0]?.small))).toEqual([401, 'session_expired']);
  });

  it('is given for what the session may have alone', async () => {
    const scan = await someScan();
    const session = await bff.mint('riverside', {
      components: { scan_inbox: { enabled: true, features: { download: false } } },
    });
    const seen = await detail(scan.orderId, session.session_token);
    expect([seen.assets.ide.link, seen.assets.captures.link]).toEqual([null, null]);
    expect(seen.thumbnails[0]?.small).toContain('/v1/assets/');
  });

  it('answers unpaired at once after an un-pair, while the list stays readable', async () => {
    const scan = await someScan();
    expect((await open(scan.thumbnails[0]?.small)).status).toBe(200);
    expect((await bff.call(token, 'DELETE', '/v1/pairing')).ok).toBe(true);
    expect(await problem(open(scan.thumbnails[0]?.small))).toEqual([409, 'unpaired']);
    expect(await problem(open(scan.assets.ide.link))).toEqual([409, 'unpaired']);
    expect((await list()).items.some((one) => one.orderId === scan.orderId)).toBe(true);
    await bff.pair('riverside');
  });
});
