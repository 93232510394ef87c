import { describe, expect, it } from 'vitest';
import { foldName, toNameKeys } from '../../../bff/store/fold-name.ts';
import { isMeant, isSimilar, mayBeSame } from '../../../bff/where/similar-names.ts';

const ann = { firstName: 'Ann', lastName: 'Beecham' };
const souza = { firstName: 'José Antônio', lastName: 'de Souza-Łoś' };

describe('a folded name', () => {
  it.each([
    ['Færch', 'faerch'],
    ["D'Angelo", 'dangelo'],
    ['D’ANGELO', 'dangelo'],
    ['  de  Souza-Łoś ', 'de souza los'],
    ['Straße', 'strasse'],
    ['Müller', 'muller'],
    ['Ｏ’Ｆａｒｒｅｌｌ', 'ofarrell'],
    ['山田', '山田'],
    ['…', ''],
  ])('%j is %j', (name, folded) => {
    expect(foldName(name)).toBe(folded);
  });

  it('is short enough for an index, whatever upstream calls a person', () => {
    const { first_key, last_key, stem } = toNameKeys('x'.repeat(5000), '𝔞'.repeat(5000));
    expect([Array.from(first_key).length, Array.from(last_key).length, stem.length]).toEqual([100, 100, 3]);
  });
});

describe('a typed text', () => {
  it.each(['Beecham', 'BEECHAM', 'Ann Beecham', 'beecham ann', 'Beecham, Ann', 'Bee', 'beech'])(
    '%j means Ann Beecham',
    (text) => {
      expect(isMeant(text, ann)).toBe(true);
    },
  );
  it.each(['Be', 'Ann', 'Beechma', 'Anna Beecham', '', '–', 'chart'])('%j does not', (text) => {
    expect(isMeant(text, ann)).toBe(false);
  });
  it('means a name of many words, in either order', () => {
    expect(isMeant('jose antonio de souza los', souza)).toBe(true);
    expect(isMeant('De Souza-Los, José Antônio', souza)).toBe(true);
  });

  it.each(['Beechma', 'Becham', 'Beechamm', 'Beexhan', 'Ann Beechma', 'Bechma Ann'])(
    '%j may be Ann Beecham mistyped',
    (text) => {
      expect(isSimilar(text, ann)).toBe(true);
    },
  );
  it.each(['Beech', 'Graham', 'Bob Graham', ''])('%j is somebody else', (text) => {
    expect(isSimilar(text, ann)).toBe(false);
  });
  it('bears one slip in a short name, and none in one of two letters', () => {
    expect(isSimilar('Tat', { firstName: 'M', lastName: 'Tate' })).toBe(true);
    expect(isSimilar('Taet', { firstName: 'M', lastName: 'Tate' })).toBe(true);
    expect(isSimilar('Tom', { firstName: 'M', lastName: 'Tate' })).toBe(false);
    expect(isSimilar('Ng', { firstName: 'M', lastName: 'Ny' })).toBe(false);
  });
});

it('two names may be one person’s when they were exchanged or mistyped', () => {
  expect(mayBeSame(ann, { firstName: 'Beecham', lastName: 'Ann' })).toBe(true);
  expect(mayBeSame(ann, { firstName: 'Ann', lastName: 'Beechma' })).toBe(true);
  expect(mayBeSame(ann, { firstName: 'Anne', lastName: 'Beecham' })).toBe(true);
  expect(mayBeSame(ann, { firstName: 'Bob', lastName: 'Beecham' })).toBe(false);
});
