import { crownShape, type CrownShape } from './crown.ts';
import { collarShape, Ridge } from './gum.ts';
import type { ArchPlan, ToothPlan } from './plan.ts';
import { ripple, smoothMax, smoothMin } from './shape.ts';

interface Tooth {
  plan: ToothPlan;
  crown: CrownShape;
  collar: (m: number, b: number, o: number) => number;
}

/** The signed distance (mm, negative inside, exact only near zero) to one arch, teeth and gum told apart. */
export class ArchField {
  readonly plan: ArchPlan;
  readonly ridge: Ridge;
  readonly #teeth: Tooth[];
  #near: Tooth[];
  readonly #back: number;
  /** Set by `distance`: distance to the teeth and to the gum at that point, and the tooth that is nearest. */
  tooth = 0;
  gum = 0;
  nearest: ToothPlan;

  constructor(plan: ArchPlan) {
    this.plan = plan;
    this.ridge = new Ridge(plan);
    this.#teeth = plan.teeth.map((tooth) => ({
      plan: tooth,
      crown: crownShape(tooth),
      collar: collarShape(tooth, besideOf(tooth, plan.teeth)),
    }));
    this.#near = this.#teeth;
    this.#back = Math.max(...plan.teeth.map((tooth) => tooth.y)) + 9;
    this.nearest = plan.teeth[0]!;
  }

  /** Only teeth within `reach` mm of (x, y) are looked at until the next call. */
  focus(x: number, y: number, reach: number): void {
    this.#near = this.#teeth.filter(({ plan }) => {
      const limit = reach + 8.2;
      return (plan.x - x) ** 2 + (plan.y - y) ** 2 < limit * limit;
    });
  }

  distance(x: number, y: number, z: number): number {
    let tooth = 1e3;
    let gum = this.ridge.distance(x, y, z);
    for (const near of this.#near) {
      const { plan } = near;
      const dx = x - plan.x;
      const dy = y - plan.y;
      const o = z - plan.base;
      const m = dx * plan.mx + dy * plan.my - plan.tip * o;
      // Buccal is mesial turned by a right angle; which way depends on the side.
      const b = -plan.side * (dx * plan.my - dy * plan.mx) - plan.torque * o;
      const crown = near.crown(m, b, o);
      if (crown < tooth) this.nearest = plan;
      tooth = smoothMin(tooth, crown, 0.35);
      gum = smoothMin(gum, near.collar(m, b, o), 1.5);
    }
    // Unevenness counts at the surface only.
    if (gum < 0.5 && gum > -0.5) gum += 0.035 * ripple(x, y, z, 1.6, this.plan.character);
    if (tooth < 0.5 && tooth > -0.5) tooth += 0.02 * ripple(x, y, z, 2.3, this.plan.phase);
    this.tooth = tooth;
    this.gum = gum;
    return smoothMin(tooth, gum, 0.35);
  }

  /** Negative where the scanner saw the mouth; its zero is the ragged edge of the scan. */
  beyond(x: number, y: number, z: number): number {
    const { curve, jaw, reach, phase } = this.plan;
    const s = curve.along(x, y);
    const v = curve.across(x, y);
    const o = z - this.ridge.level(s);
    const ragged =
      0.6 * Math.sin(s * 0.31 + phase) + 0.25 * Math.sin(s * 0.83 + phase * 2) + 0.08 * Math.sin(s * 1.9 + phase * 3);
    const ends = Math.max(s - this.ridge.end.left, this.ridge.end.right - s) + 0.3 * Math.sin(v * 0.9 + phase);
    if (jaw === 'lower' || v > 0) return smoothMax(-o - (v > 0 ? reach : reach + 0.8) + ragged, ends, 4);
    // The palate is seen as far back as the last teeth, in a shallow bow between them.
    const back =
      y - (this.#back - 7 + 0.011 * x * x) + 0.5 * Math.sin(x * 0.45 + phase) + 0.2 * Math.sin(x * 1.3 + phase);
    return v > -9 ? ends : v < -12 ? back : ends + ((back - ends) * (-9 - v)) / 3;
  }
}

function besideOf(tooth: ToothPlan, teeth: readonly ToothPlan[]): { mesial: boolean; distal: boolean } {
  const standing = (position: number, side: number): boolean =>
    teeth.some(
      (other) =>
        other.position === position && other.side === side && other.state !== 'missing' && other.state !== 'implant',
    );
  return {
    mesial: tooth.position === 1 ? standing(1, -tooth.side) : standing(tooth.position - 1, tooth.side),
    distal: standing(tooth.position + 1, tooth.side),
  };
}
