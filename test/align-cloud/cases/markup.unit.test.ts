import { describe, expect, it } from 'vitest';
import { exportXml } from '../../../demo/align-cloud/cases/export-xml.ts';
import { escapeMarkup } from '../../../demo/align-cloud/cases/markup.ts';
import { rxPage } from '../../../demo/align-cloud/cases/rx-page.ts';
import fc from '../../support/fast-check.ts';
import { sampleCase } from './sample-case.ts';

/** Reads XML strictly enough to fail on any unescaped or unbalanced text; answers the text by element path. */
function readXml(xml: string): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  const path: string[] = [];
  let rest = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '');
  expect(rest).not.toBe(xml);
  while (rest.trim() !== '') {
    const tag = /^<(\/?)([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.-]*="[^"<&]*")*)\s*(\/?)>/.exec(rest);
    if (tag) {
      if (tag[1]) expect(path.pop()).toBe(tag[2]);
      else if (!tag[4]) path.push(tag[2]!);
      rest = rest.slice(tag[0].length);
      continue;
    }
    const text = /^(?:[^<&>]|&(?:amp|lt|gt|quot|#39);)+/.exec(rest);
    if (!text || path.length === 0) throw new Error(`not well-formed at: ${rest.slice(0, 60)}`);
    const key = path.join('/');
    texts.set(key, [...(texts.get(key) ?? []), unescape(text[0])]);
    rest = rest.slice(text[0].length);
  }
  expect(path).toEqual([]);
  return texts;
}

function unescape(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => names[name] ?? '');
}

describe('escaped text', () => {
  it('comes back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeMarkup(text);
        expect(escaped).not.toMatch(/[<>"']/);
        // XML 1.0 allows no other control characters.
        // eslint-disable-next-line no-control-regex
        const legal = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
        expect(unescape(escaped)).toBe(legal);
      }),
    );
  });
});

describe.each([30, 50] as const)('the export XML, version %i', (version) => {
  it('is well-formed and tells whose teeth these are, with names as people write them', () => {
    const spec = sampleCase({
      teeth: [{ adaId: 14, restorationType: 'Crown', material: 'Zirconia & glaze', shade: 'A2' }],
      procedure: 'Fixed Restorative',
    });
    const xml = exportXml(spec, version, ['upper_jaw_with_ditch_123456789.ply']);
    const texts = readXml(xml);
    const root = 'iTeroExport';
    expect(texts.get(`${root}/Patient/FirstName`)).toEqual(['Zoë שרה']);
    expect(texts.get(`${root}/Patient/LastName`)).toEqual(["O'Neil-Ångström"]);
    expect(texts.get(`${root}/Doctor/Name`)).toEqual(['Dr. "Bo" Müller']);
    expect(texts.get(`${root}/Company/Name`)).toEqual(['Clinic <& Sons>']);
    expect(texts.get(`${root}/Notes`)).toEqual(['Margin: see ]]> & <photo>']);
    expect(texts.get(`${root}/Teeth/Tooth/Material`)).toEqual(['Zirconia & glaze']);
    expect(xml).toContain(`version="${version}"`);
    expect(xml).toContain('<Tooth adaId="14">');
  });
});

describe('the RX page', () => {
  it('shows the prescription, and nothing that a name could smuggle in', () => {
    const page = rxPage(
      sampleCase({
        patient: { firstName: '<script>alert(1)</script>', lastName: 'x', chartNumber: '1' },
        teeth: [{ adaId: 30, shade: 'B1' }],
      }),
    );
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('<td>30</td><td>46</td>');
    expect(page).toContain('Study Model/iRecord');
  });
});
