import * as v from 'valibot';
import type { SessionClaims } from '../../shared/session.ts';
import { fitting } from '../core/answer.ts';
import { openKeep } from '../core/keep.ts';
import type { Remembered } from './draft.ts';

const NAME = 'scan-request';
const text = v.optional(v.string(), '');
const rememberedSchema = v.object({ procedureId: text, typeId: text, doctorId: text, scanner: text, labId: text });

/** What this person chose last on this browser; nothing when there is nothing readable. Ids of the practice only. */
export async function recallChoices(owner: SessionClaims): Promise<Partial<Remembered>> {
  return fitting(rememberedSchema, await openKeep(owner).get(NAME)) ?? {};
}

export function rememberChoices(owner: SessionClaims, choices: Remembered): Promise<void> {
  return openKeep(owner).set(NAME, choices);
}
