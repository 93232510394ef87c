import { PLYLoader } from 'three/examples/jsm/loaders/PLYLoader.js';
import { STLLoader } from 'three/examples/jsm/loaders/STLLoader.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { archMesh } from '../../../demo/align-cloud/cases/arch-mesh.ts';
import { STRIDE, TISSUE, type Mesh } from '../../../demo/align-cloud/cases/mesh.ts';
import { toPly, toStl } from '../../../demo/align-cloud/cases/mesh-files.ts';
import { planMouth, type MouthPlan } from '../../../demo/align-cloud/cases/plan.ts';
import { sampleCase, wholeMouth } from './sample-case.ts';

const FULL = 0.34;
const SMALL = 1.3;

const planOf = (changes: Parameters<typeof sampleCase>[0] = {}): MouthPlan =>
  planMouth(sampleCase({ patient: wholeMouth, ...changes }));

/** The point of a jaw nearest to the bite within `reach` mm of (x, y), as its distance from the gums' side. */
function heightAt({ vertices }: Mesh, jaw: 'upper' | 'lower', x: number, y: number, reach = 2.5): number {
  let best = -Infinity;
  for (let at = 0; at < vertices.length; at += STRIDE) {
    if ((vertices[at]! - x) ** 2 + (vertices[at + 1]! - y) ** 2 > reach * reach) continue;
    best = Math.max(best, jaw === 'upper' ? -vertices[at + 2]! : vertices[at + 2]!);
  }
  return best;
}

describe('a full arch', () => {
  const plan = planOf();
  let arches: { jaw: 'upper' | 'lower'; mesh: Mesh }[] = [];
  beforeAll(() => {
    arches = (['upper', 'lower'] as const).map((jaw) => ({ jaw, mesh: archMesh(plan[jaw], FULL) }));
  });

  it('has at least 100,000 triangles, all coordinates finite, the size of a mouth', () => {
    for (const { mesh } of arches) {
      expect(mesh.triangles.length / 3).toBeGreaterThanOrEqual(100_000);
      expect(mesh.vertices.every(Number.isFinite)).toBe(true);
      const x = mesh.vertices.filter((_, i) => i % STRIDE === 0);
      const width =
        x.reduce((most, value) => Math.max(most, value)) - x.reduce((least, value) => Math.min(least, value));
      expect(width).toBeGreaterThan(52);
      expect(width).toBeLessThan(70);
    }
  });

  it('is one sheet without holes: open along one edge, the edge of the scan', () => {
    for (const { mesh } of arches) {
      const { loops, crowded, edges } = edgesOf(mesh);
      expect(loops).toBe(1);
      expect(crowded / edges).toBeLessThan(0.002);
    }
  });

  it('turns every face outwards', () => {
    for (const { jaw, mesh } of arches) {
      let towards = 0;
      for (let at = 0; at < mesh.vertices.length; at += STRIDE) towards += mesh.vertices[at + 5]!;
      expect(Math.sign(towards)).toBe(jaw === 'upper' ? -1 : 1);
    }
  });

  it('shows fourteen teeth standing out of the gum', () => {
    for (const { jaw, mesh } of arches) {
      const { teeth } = plan[jaw];
      expect(teeth).toHaveLength(14);
      for (const tooth of teeth)
        expect(heightAt(mesh, jaw, tooth.x, tooth.y, 4), `tooth ${tooth.adaId}`).toBeGreaterThan(tooth.base + 5);
      const enamel =
        mesh.vertices.filter((value, i) => i % STRIDE === TISSUE && value > 0).length / (mesh.vertices.length / STRIDE);
      expect(enamel).toBeGreaterThan(0.25);
      expect(enamel).toBeLessThan(0.75);
    }
  });
});

describe('the mesh files', () => {
  const mesh = archMesh(planOf().lower, SMALL);

  it('are read by the STL loader of three, triangle for triangle', () => {
    const bytes = toStl(mesh, 'lower arch');
    const geometry = new STLLoader().parse(bytes.buffer as ArrayBuffer);
    expect(geometry.getAttribute('position').count).toBe(mesh.triangles.length);
    expect(geometry.getAttribute('position').getX(0)).toBe(mesh.vertices[mesh.triangles[0]! * STRIDE]);
  });

  it('are read by the PLY loader of three, with a colour at every vertex', () => {
    const geometry = new PLYLoader().parse(toPly(mesh, 'lower arch').buffer as ArrayBuffer);
    expect(geometry.getAttribute('position').count).toBe(mesh.vertices.length / STRIDE);
    expect(geometry.getIndex()?.count).toBe(mesh.triangles.length);
    const colours = geometry.getAttribute('color');
    expect(colours.count).toBe(mesh.vertices.length / STRIDE);
    expect(new Set(Array.from({ length: 200 }, (_, i) => colours.getX(i * 10))).size).toBeGreaterThan(20);
  });
});

describe('what changes a mouth', () => {
  const plain = planOf();
  const place = (adaId: number): { x: number; y: number } =>
    [...plain.upper.teeth, ...plain.lower.teeth].find((tooth) => tooth.adaId === adaId)!;

  it.each([
    { adaId: 3, jaw: 'upper' },
    { adaId: 9, jaw: 'upper' },
    { adaId: 19, jaw: 'lower' },
    { adaId: 28, jaw: 'lower' },
  ] as const)('prepares tooth $adaId where the RX names it, and no other', ({ adaId, jaw }) => {
    const prepared = archMesh(planOf({ teeth: [{ adaId, restorationType: 'Crown' }] })[jaw], SMALL / 2);
    const natural = archMesh(plain[jaw], SMALL / 2);
    for (const tooth of plain[jaw].teeth) {
      const lost = heightAt(natural, jaw, tooth.x, tooth.y) - heightAt(prepared, jaw, tooth.x, tooth.y);
      if (tooth.adaId === adaId) expect(lost).toBeGreaterThan(1);
      else expect(Math.abs(lost), `tooth ${tooth.adaId}`).toBeLessThan(0.2);
    }
  });

  it.each([
    { restorationType: 'Missing', least: 5 },
    { restorationType: 'Inlay', least: 1 },
  ])('shows $restorationType as such', ({ restorationType, least }) => {
    const { x, y } = place(14);
    const changed = archMesh(planOf({ teeth: [{ adaId: 14, restorationType }] }).upper, SMALL / 2);
    const natural = archMesh(plain.upper, SMALL / 2);
    expect(heightAt(natural, 'upper', x, y, 1) - heightAt(changed, 'upper', x, y, 1)).toBeGreaterThan(least);
    expect(changed.vertices).not.toEqual(natural.vertices);
  });

  it('shows an implant as its scan body: a narrow post where the crown would be', () => {
    const tooth = plain.upper.teeth.find(({ adaId }) => adaId === 14)!;
    const radius = (teeth: { adaId: number; restorationType: string }[]): number => {
      const { vertices } = archMesh(planOf({ teeth }).upper, SMALL / 2);
      let most = 0;
      for (let at = 0; at < vertices.length; at += STRIDE) {
        const away = Math.hypot(vertices[at]! - tooth.x, vertices[at + 1]! - tooth.y);
        if (away < 4.2 && -vertices[at + 2]! > tooth.base + tooth.crown * 0.6) most = Math.max(most, away);
      }
      return most;
    };
    expect(radius([{ adaId: 14, restorationType: 'Implant based' }])).toBeLessThan(3.2);
    expect(radius([])).toBeGreaterThan(3.8);
  });

  it('adds a wisdom tooth only where the RX names it', () => {
    expect(planOf({ teeth: [{ adaId: 32 }] }).lower.teeth.map(({ adaId }) => adaId)).toContain(32);
    expect(plain.lower.teeth.map(({ adaId }) => adaId)).not.toContain(32);
  });

  it('gives every patient a mouth of their own, and the same patient the same teeth again', () => {
    const other = planOf({ patient: { ...wholeMouth, chartNumber: '99' } });
    expect(other.upper.teeth.map(({ width }) => width)).not.toEqual(plain.upper.teeth.map(({ width }) => width));
    const rescan = planOf({ revision: 2, variant: 'rescan' });
    expect(rescan.upper.teeth).toEqual(plain.upper.teeth);
    expect(archMesh(rescan.upper, SMALL).vertices).not.toEqual(archMesh(plain.upper, SMALL).vertices);
  });

  it('refuses a tooth number that is none', () => {
    expect(() => planOf({ teeth: [{ adaId: 33 }] })).toThrow(RangeError);
  });
});

function edgesOf({ vertices, triangles }: Mesh): { edges: number; crowded: number; loops: number } {
  const count = vertices.length / STRIDE;
  const uses = new Map<number, number>();
  for (let t = 0; t < triangles.length; t += 3) {
    for (let i = 0; i < 3; i++) {
      const a = triangles[t + i]!;
      const b = triangles[t + ((i + 1) % 3)]!;
      const key = Math.min(a, b) * count + Math.max(a, b);
      uses.set(key, (uses.get(key) ?? 0) + 1);
    }
  }
  const next = new Map<number, number[]>();
  let crowded = 0;
  for (const [key, times] of uses) {
    if (times > 2) crowded++;
    if (times !== 1) continue;
    const a = Math.floor(key / count);
    const b = key % count;
    next.set(a, [...(next.get(a) ?? []), b]);
    next.set(b, [...(next.get(b) ?? []), a]);
  }
  const seen = new Set<number>();
  let loops = 0;
  for (const start of next.keys()) {
    if (seen.has(start)) continue;
    loops++;
    const open = [start];
    for (let v = open.pop(); v !== undefined; v = open.pop()) {
      if (seen.has(v)) continue;
      seen.add(v);
      open.push(...(next.get(v) ?? []));
    }
  }
  return { edges: uses.size, crowded, loops };
}
