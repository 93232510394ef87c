import { interleave, median, toFigure, turns, type Line } from '../figures.ts';
import { download, readRepeatedly } from '../load.ts';
import { ZIP_BYTES } from '../materials.ts';
import { openPicturedCase, type Links, type PicturedCase } from '../pictured-case.ts';
import type { Effort } from '../setting.ts';

const CLIENTS = 32;
/** Zips one after the other in one turn. */
const ZIPS = 6;
const STREAMS = 8;

const BARS = [
  ['thumbnail through the BFF, cached', 0.6],
  ['full picture through the BFF', 0.25],
  ['32 MB zip through the BFF', 0.4],
] as const;

export async function files(effort: Effort): Promise<Line[]> {
  const open = await openPicturedCase();
  try {
    const memory = await zipMemory(open, effort);
    if (open.nginx !== null) return [...(await againstNginx(open, open.nginx.url, effort)), memory];
    const skipped = BARS.map(([what, bar]) => ({ what, bar: `≥ ${bar}×`, unmeasured: 'nginx is not installed' }));
    return [...skipped, memory];
  } finally {
    await open.stop();
  }
}

async function againstNginx(open: PicturedCase, nginx: string, { rounds, seconds }: Effort): Promise<Line[]> {
  const pictures = (url: string): Promise<number> => readRepeatedly(url, CLIENTS, seconds);
  const mine = async (kind: keyof Links): Promise<string> => (await open.links())[kind];
  const [small = NaN, cached = NaN, plain = NaN] = await turns(rounds, [
    async () => pictures(await mine('small')),
    () => pictures(`${nginx}/cached/small.jpg`),
    () => pictures(`${open.filesUrl}/small.jpg`),
  ]);
  const full = await interleave(
    rounds,
    async () => pictures(await mine('full')),
    () => pictures(`${nginx}/full.jpg`),
  );
  const zips = await interleave(
    rounds,
    async () => zipRate(await mine('zip')),
    () => zipRate(`${nginx}/ide.zip`),
  );
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KB`;
  const peer = (name: string, value: number) => ({ name, value });
  return [
    toFigure({
      what: BARS[0][0],
      unit: 'req/s',
      ours: small,
      peer: peer('nginx proxy_cache', cached),
      atLeast: BARS[0][1],
      note:
        `${kilobytes(open.sizes.small)}, ${CLIENTS} clients that only count bytes. Ours out of memory, with link, session, ` +
        'connection and visibility checked at every hit; nginx, one worker, checks nothing and logs nothing. Plain ' +
        `node:http that sends the same bytes out of memory, in the same turns: ${Math.round(plain).toLocaleString('en-US')} ` +
        `req/s, ${(plain / cached).toFixed(2)}× of nginx; ours is ${(small / plain).toFixed(2)}× of that.`,
    }),
    toFigure({
      what: BARS[1][0],
      unit: 'req/s',
      ours: full.ours,
      peer: peer('nginx proxy_pass', full.peer),
      atLeast: BARS[1][1],
      note:
        `${kilobytes(open.sizes.full)}, ${CLIENTS} clients. Ours reads the encrypted file from its disk, decrypts it and ` +
        'stores an audit row before each answer; nginx passes on what a node:http upstream holds in memory.',
    }),
    toFigure({
      what: BARS[2][0],
      unit: 'MB/s',
      ours: zips.ours,
      peer: peer('nginx proxy_pass', zips.peer),
      atLeast: BARS[2][1],
      note: `${ZIPS} one after the other, read over a raw socket; upstream is plain node:http out of memory.`,
    }),
  ];
}

async function zipRate(url: string): Promise<number> {
  let bytes = 0;
  const begun = performance.now();
  for (let index = 0; index < ZIPS; index += 1) bytes += await download(url);
  return bytes / 2 ** 20 / ((performance.now() - begun) / 1000);
}

async function zipMemory(open: PicturedCase, { rounds }: Effort): Promise<Line> {
  const { bff } = open;
  const { zip } = await open.links();
  // Code is compiled and pools are filled before the first look.
  await download(zip);
  const growths: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await bff.ask({ do: 'watch' });
    await Promise.all(Array.from({ length: STREAMS }, () => download(zip)));
    growths.push(((await bff.ask({ do: 'watched' })) - before) / 2 ** 20);
  }
  return toFigure({
    what: `${STREAMS} zips of ${ZIP_BYTES / 2 ** 20} MB at once: memory`,
    unit: 'MB',
    ours: median(growths),
    atMost: 64,
    note: 'highest resident memory of the BFF above that before, looked at every 10 ms.',
  });
}
