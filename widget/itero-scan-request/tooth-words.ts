import { msg, str } from '../core/localize.ts';
import { toLabel, toPlace, type ToothNotation } from '../core/tooth-notation.ts';
import type { ToothFault } from './tooth-parse.ts';

function quadrantName(tooth: number): string {
  const { quadrant } = toPlace(tooth);
  switch (quadrant) {
    case 1:
      return msg('upper right');
    case 2:
      return msg('upper left');
    case 3:
      return msg('lower left');
    case 4:
      return msg('lower right');
    default:
      return quadrant satisfies never;
  }
}

function positionName(position: number): string {
  const names = [
    msg('central incisor'),
    msg('lateral incisor'),
    msg('canine'),
    msg('first premolar'),
    msg('second premolar'),
    msg('first molar'),
    msg('second molar'),
    msg('third molar (wisdom tooth)'),
  ];
  return names[position - 1] ?? '';
}

/** `upper right first molar` */
export function toothName(tooth: number): string {
  return `${quadrantName(tooth)} ${positionName(toPlace(tooth).position)}`;
}

/** The accessible name: `Tooth 16, upper right first molar`. */
export function toothTitle(tooth: number, notation: ToothNotation): string {
  return msg(str`Tooth ${toLabel(tooth, notation)}, ${toothName(tooth)}`);
}

/** An entry that shows how to write teeth. */
export function toothExample(notation: ToothNotation): string {
  return { fdi: '14, 24-26', universal: '5, 12-14', quadrant: 'UR4, UL4-UL6' }[notation];
}

function notationName(notation: ToothNotation): string {
  switch (notation) {
    case 'fdi':
      return msg('FDI numbers, 11 to 48');
    case 'universal':
      return msg('universal numbers, 1 to 32');
    case 'quadrant':
      return msg('quadrant and position, UR8 to LR8');
    default:
      return notation satisfies never;
  }
}

/** One sentence a person can act on. */
export function toothFaultText({ kind, text }: ToothFault, notation: ToothNotation): string {
  switch (kind) {
    case 'primary':
      return msg(str`“${text}” is a primary tooth. The scanner interface knows permanent teeth only.`);
    case 'other_notation':
      return msg(str`“${text}” is another notation. Teeth are written here as ${notationName(notation)}.`);
    case 'across_jaws':
      return msg(str`“${text}” reaches from one jaw into the other. Write one range for each jaw.`);
    case 'unknown':
      return msg(str`“${text}” is not a tooth. Teeth are written here as ${notationName(notation)}.`);
    default:
      return kind satisfies never;
  }
}
