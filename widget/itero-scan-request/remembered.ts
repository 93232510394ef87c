import * as v from 'valibot';
import { parse } from '../../shared/parse.ts';
import type { SessionClaims } from '../../shared/session.ts';
import { openKeep } from '../core/keep.ts';
import type { Remembered } from './draft.ts';

const NAME = 'scan-request';
const text = v.optional(v.string(), '');
const rememberedSchema = v.object({ procedureId: text, typeId: text, doctorId: text, scanner: text, labId: text });

/** What this person chose last on this browser; nothing when there is nothing readable. Ids of the practice only. */
export async function recallChoices(owner: SessionClaims): Promise<Partial<Remembered>> {
  const known = parse(rememberedSchema, await openKeep(owner).get(NAME));
  return known.ok ? known.value : {};
}

export function rememberChoices(owner: SessionClaims, choices: Remembered): Promise<void> {
  return openKeep(owner).set(NAME, choices);
}
