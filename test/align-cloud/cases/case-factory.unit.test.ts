import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { Transformer } from '@napi-rs/image';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCaseFactory, type CaseFactory, type CaseFile } from '../../../demo/align-cloud/cases/index.ts';
import { caseMaker } from '../../../demo/align-cloud/cases/case-maker.ts';
import { sampleCase, temporaryFolder, unzipTest } from './sample-case.ts';

const entries = (file: CaseFile): string[] => Object.keys(unzipSync(readFileSync(file.path))).sort();
const digest = (file: CaseFile): string => createHash('sha256').update(readFileSync(file.path)).digest('hex');

const pictures = (id: number): string[] =>
  ['penta_front', 'front', 'left', 'right', 'upper', 'lower'].map((view) => `gallery_#${id}_${view}_m.jpg`);

describe('the case factory', () => {
  const folder = temporaryFolder();
  let factory: CaseFactory;
  beforeAll(() => {
    factory = createCaseFactory({ detail: 'small', cacheDir: folder.path });
  });
  afterAll(async () => {
    await factory.close();
    folder.remove();
  });

  it('packs an orthodontic case as OrthoCAD exports it, pictures included, under one folder when asked', async () => {
    const file = await factory.ide(sampleCase({ layout: 'folder' }));
    expect(file.fileName).toBe('OrthoCAD_Export_123456789.zip');
    expect(file.contentType).toBe('application/zip');
    expect(file.sizeBytes).toBe(readFileSync(file.path).length);
    const expected = [
      '123456789_shell_occlusion_u.stl',
      '123456789_shell_occlusion_l.stl',
      'Rx_123456789.html',
      'itero_export_#123456789_v50.xml',
      'itero_export_#123456789_v30.xml',
      ...pictures(123456789),
    ];
    expect(entries(file)).toEqual(expected.map((name) => `123456789/${name}`).sort());
    expect(unzipTest(file.path)).toContain('No errors detected');
  });

  it('packs a restorative case as iTero exports it: colour PLY, no pictures, flat', async () => {
    const file = await factory.ide(
      sampleCase({ procedure: 'Fixed Restorative', teeth: [{ adaId: 14, restorationType: 'Crown' }] }),
    );
    expect(file.fileName).toBe('iTero_Export_123456789.zip');
    expect(entries(file)).toEqual(
      [
        'upper_jaw_with_ditch_123456789.ply',
        'lower_jaw_with_ditch_123456789.ply',
        'Rx_123456789.html',
        'iTero_Export_#123456789_v50.xml',
        'iTero_Export_#123456789_v30.xml',
      ].sort(),
    );
    expect(unzipTest(file.path)).toContain('No errors detected');
  });

  it('follows the export settings of the clinic', async () => {
    const file = await factory.ide(sampleCase({ exportFormat: 'ply' }));
    expect(entries(file)).toContain('123456789_shell_occlusion_u.ply');
  });

  it('takes six pictures of 1920 by 1080, all different, that show teeth and gums', async () => {
    const file = await factory.gallery(sampleCase());
    expect(entries(file)).toEqual(pictures(123456789).sort());
    expect(unzipTest(file.path)).toContain('No errors detected');
    const seen = new Set<string>();
    for (const jpeg of Object.values(unzipSync(readFileSync(file.path)))) {
      expect([...jpeg.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
      const picture = new Transformer(jpeg);
      expect(picture.metadataSync()).toMatchObject({ width: 1920, height: 1080 });
      const pixels = picture.rawPixelsSync();
      let gum = 0;
      let tooth = 0;
      for (let at = 0; at + 2 < pixels.length; at += 3 * 101) {
        const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
        if (red > green + 40) gum++;
        if (red > 150 && red - blue > 8 && red - green < 30) tooth++;
      }
      const samples = pixels.length / (3 * 101);
      expect(gum / samples).toBeGreaterThan(0.05);
      expect(tooth / samples).toBeGreaterThan(0.02);
      seen.add(createHash('sha256').update(jpeg).digest('hex'));
    }
    expect(seen.size).toBe(6);
  });

  it('has screen captures with and without annotations, and only when some were taken', async () => {
    const file = await factory.screenCaptures(sampleCase());
    expect(file && entries(file)).toEqual([
      'screen_capture_123456789_1.jpg',
      'screen_capture_123456789_1_annotated.jpg',
      'screen_capture_123456789_2.jpg',
      'screen_capture_123456789_2_annotated.jpg',
    ]);
    expect(file && unzipTest(file.path)).toContain('No errors detected');
    expect(await factory.screenCaptures(sampleCase({ captures: false }))).toBeNull();
  });

  it('gives different patients different files and the same case the same bytes, made anew', async () => {
    const first = digest(await factory.ide(sampleCase()));
    const other = digest(await factory.ide(sampleCase({ patient: { ...sampleCase().patient, chartNumber: 'C-18' } })));
    expect(other).not.toBe(first);
    // The other case's captures are still being made: the worker renames them when they are.
    for (const name of readdirSync(folder.path)) rmSync(`${folder.path}/${name}`, { force: true });
    expect(digest(await factory.ide(sampleCase()))).toBe(first);
  });

  it('makes a file once, however many ask for it, and leaves nothing half-written', async () => {
    const own = temporaryFolder();
    const busy = createCaseFactory({ detail: 'small', cacheDir: `${own.path}/made/when/missing`, workers: 2 });
    const spec = sampleCase();
    const asked = [
      busy.ide(spec),
      busy.gallery(spec),
      busy.ide(spec),
      busy.ide(structuredClone(spec)),
      busy.screenCaptures(spec),
    ];
    const files = await Promise.all(asked);
    expect(new Set(files.map((file) => file?.path)).size).toBe(3);
    expect(readdirSync(`${own.path}/made/when/missing`).filter((name) => name.endsWith('.zip'))).toHaveLength(3);
    expect(readdirSync(`${own.path}/made/when/missing`)).toHaveLength(3);
    await busy.close();
    own.remove();
  });

  it('leaves the event loop to others while it works', async () => {
    const [here, everywhere] = [process.threadCpuUsage(), process.cpuUsage()];
    await factory.gallery(sampleCase({ orderId: 10000002 }));
    // By work, not by the clock: a thread that is kept from its core would count as busy.
    const [own, all] = [process.threadCpuUsage(here), process.cpuUsage(everywhere)];
    expect((own.user + own.system) / (all.user + all.system)).toBeLessThan(0.3);
  });

  it('tells whoever asked when a case cannot be made, and goes on', async () => {
    await expect(factory.ide(sampleCase({ teeth: [{ adaId: 99 }] }))).rejects.toThrow('no universal tooth number: 99');
    expect((await factory.gallery(sampleCase())).sizeBytes).toBeGreaterThan(0);
  });

  it('keeps to 100,000 triangles an arch in full detail, even with most of the teeth gone', () => {
    const teeth = [18, 19, 20, 21, 22, 27, 28, 29, 30, 31].map((adaId) => ({ adaId, restorationType: 'Missing' }));
    const files = unzipSync(caseMaker(sampleCase({ procedure: 'Denture/Removable', teeth }), 'full')('ide'));
    for (const jaw of ['upper', 'lower']) {
      const header = new TextDecoder().decode(files[`${jaw}_jaw_with_ditch_123456789.ply`]!.subarray(0, 400));
      expect(Number(/element face (\d+)/.exec(header)?.[1])).toBeGreaterThanOrEqual(100_000);
    }
  });

  it('refuses work once closed', async () => {
    const closed = createCaseFactory({ detail: 'small', cacheDir: folder.path });
    const pending = closed.ide(sampleCase({ orderId: 10000003 }));
    await Promise.all([closed.close(), expect(pending).rejects.toThrow('closed')]);
  });
});
