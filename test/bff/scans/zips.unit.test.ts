import { strToU8, zipSync } from 'fflate';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { ifRangeFits, isSatisfiable, matchesEtag, parseRange } from '../../../bff/scans/assets/byte-range.ts';
import { WholeZip } from '../../../bff/scans/assets/whole-zip.ts';
import { readGallery, toView } from '../../../bff/scans/pictures/gallery-zip.ts';
import fc from '../../support/fast-check.ts';

const jpeg = (size: number) => {
  const bytes = new Uint8Array(size).fill(7);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
};
const names = ['penta_front', 'front', 'left', 'right', 'upper', 'lower'].map((view) => `gallery_#123_${view}_m.jpg`);
const galleryOf = (pictures: Record<string, Uint8Array>, level: 0 | 6 = 0) => zipSync(pictures, { level });
const six = () => Object.fromEntries(names.map((name, index) => [name, jpeg(1000 + index)]));

function inChunks(bytes: Uint8Array, size: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(Buffer.from(bytes.subarray(at, at + size)));
  return Readable.from(chunks);
}

describe('a gallery', () => {
  it('is read picture by picture, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(0 as const, 6 as const),
        async (size, level) => {
          const pictures = await readGallery(inChunks(galleryOf(six(), level), size));
          expect([...pictures.keys()].sort()).toEqual(['composite', 'front', 'left', 'lower', 'right', 'upper']);
          expect(pictures.get('upper')).toHaveLength(1004);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('may lie under a folder, among other files, and hold fewer pictures', async () => {
    const zip = galleryOf({
      'case/readme.txt': strToU8('hi'),
      'case/x_upper.JPG': jpeg(50),
      'case/x_lower.png': jpeg(50),
    });
    expect([...(await readGallery(inChunks(zip, 64))).keys()]).toEqual(['upper']);
  });

  it.each([
    ['cut off', galleryOf(six()).subarray(0, 3500), /cut off|not readable/],
    ['no zip', strToU8('<html>not found</html>'.repeat(100)), /without pictures|not readable/],
    ['without pictures', galleryOf({ 'a.txt': strToU8('a') }), /without pictures/],
    ['with text for a picture', galleryOf({ [names[0] ?? '']: strToU8('hello, I am text') }), /no JPEG/],
  ])('is refused when it is %s', async (_name, bytes, why) => {
    await expect(readGallery(inChunks(bytes, 512))).rejects.toThrow(why);
  });

  it('costs no more than its limits: total, one picture, entries', async () => {
    const limits = { zipBytes: 1 << 20, pictureBytes: 100_000, entries: 8 };
    const bomb = galleryOf({ [names[1] ?? '']: jpeg(50_000_000) }, 6);
    expect(bomb.length).toBeLessThan(limits.zipBytes);
    await expect(readGallery(inChunks(bomb, 4096), limits)).rejects.toThrow('too large');
    const large = galleryOf({ 'x.bin': new Uint8Array(3 << 20) });
    await expect(readGallery(inChunks(large, 65_536), limits)).rejects.toThrow('too large');
    const crowd = galleryOf(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.txt`, strToU8('x')])),
    );
    await expect(readGallery(inChunks(crowd, 4096), limits)).rejects.toThrow('too many entries');
  });

  it.each([
    ['gallery_#123_penta_front_m.jpg', 'composite'],
    ['GALLERY_#123_Left_m.JPEG', 'left'],
    ['123_upper.jpg', 'upper'],
    ['leftover.jpg', null],
    ['upper.txt', null],
  ])('takes %s for %s', (name, view) => {
    expect(toView(name)).toBe(view);
  });
});

describe('a zip that is passed on', () => {
  const pass = async (bytes: Uint8Array, chunk: number) => {
    const parts: Buffer[] = [];
    const sink = new Writable({
      write(part: Buffer, _encoding, done) {
        parts.push(part);
        done();
      },
    });
    await pipeline(inChunks(bytes, chunk), new WholeZip(), sink);
    return Buffer.concat(parts);
  };

  it('comes out as it went in, whatever its size and chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(400_000), fc.integer({ min: 500, max: 100_000 }), async (size, chunk) => {
        const zip = zipSync({ a: new Uint8Array(size).fill(3) }, { level: 0 });
        expect((await pass(zip, chunk)).equals(zip)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('ends in an error when it was cut off anywhere', async () => {
    const zip = zipSync({ a: new Uint8Array(200_000) }, { level: 0 });
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length - 1), async (length) => {
        await expect(pass(zip.subarray(0, length), 60_000)).rejects.toThrow('cut off');
      }),
      { numRuns: 15 },
    );
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-99', 'bytes=0-99'],
    ['bytes=100-', 'bytes=100-'],
    ['bytes=-5', 'bytes=-5'],
    ['bytes=5-1', null],
    ['bytes=0-1,5-6', null],
    ['bytes=-', null],
    ['items=0-1', null],
    [undefined, null],
  ])('%s is passed on as %s', (header, expected) => {
    expect(parseRange(header)).toBe(expected);
  });

  it('holds within the file only', () => {
    expect([isSatisfiable('bytes=0-', 10), isSatisfiable('bytes=10-', 10), isSatisfiable('bytes=-0', 10)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(isSatisfiable('bytes=10-', null)).toBe(true);
  });

  it('holds for the same version only', () => {
    expect([ifRangeFits(undefined, '"a"'), ifRangeFits('"a"', '"a"'), ifRangeFits('"b"', '"a"')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(ifRangeFits(new Date().toUTCString(), '"a"')).toBe(false);
    expect([matchesEtag('"b", W/"a"', '"a"'), matchesEtag('"b"', '"a"'), matchesEtag(undefined, '"a"')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
