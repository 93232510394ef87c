import { invalidRequest } from '../api-error.ts';
import { FLOW_EVENTS } from '../case-flow.ts';
import { ASSET_KINDS, HTTP_KINDS, NOTIFICATION_KINDS, SCAN_KINDS } from '../faults.ts';
import type { FaultKind, FaultSpec } from '../faults.ts';
import type { Problem422Fields } from '../model.ts';
import { ASSET_TYPES } from '../model.ts';
import { DEFAULT_FLAGS } from '../options.ts';
import type { Flags } from '../options.ts';
import { OPERATIONS } from '../regions.ts';
import { isObject } from '../request-body.ts';
import type { Action } from './actions.ts';

type Json = Record<string, unknown>;

const DOORS = ['authorize', 'token', 'revoke', 'discovery', 'scanningTool'];
const FILES = ['asset', 'cdn'];

const KINDS_AT: Record<string, readonly FaultKind[]> = {
  ...Object.fromEntries([...OPERATIONS, ...DOORS].map((point) => [point, HTTP_KINDS])),
  ...Object.fromEntries(FILES.map((point) => [point, [...HTTP_KINDS, ...ASSET_KINDS]])),
  notification: NOTIFICATION_KINDS,
  scan: SCAN_KINDS,
};

export const FAULT_CHOICES = KINDS_AT;

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isNumber =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high;
const isCount =
  (low: number, high: number): Check =>
  (value) =>
    isNumber(low, high)(value) && Number.isInteger(value);
const isOneOf =
  (choices: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && choices.includes(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);

const FAULT_FIELDS: Record<string, Check> = {
  on: isOneOf(Object.keys(KINDS_AT)),
  kind: isText,
  times: (value) => value === 'always' || isCount(1, 1_000_000)(value),
  after: isCount(0, 1_000_000),
  probability: isNumber(0, 1),
  companyId: isCount(1, 1e9),
  status: isCount(300, 599),
  error: isText,
  message: isText,
  retryAfter: isCount(0, 86_400),
  fields: isObject,
  processed: isFlag,
  ms: isNumber(0, 86_400_000),
  seconds: isNumber(0, 86_400),
  body: () => true,
  without: isTexts,
  asset: isOneOf(ASSET_TYPES),
  firstName: isText,
  lastName: isText,
  chartNumber: isText,
};

function checkAll(value: Json, checks: Record<string, Check>, needed: readonly string[], prefix = ''): void {
  const faults: Problem422Fields = {};
  for (const name of needed) if (value[name] === undefined) faults[prefix + name] = 'is missing';
  for (const [name, given] of Object.entries(value)) {
    const check = checks[name];
    if (check === undefined) faults[prefix + name] = 'is not known';
    else if (!check(given)) faults[prefix + name] = 'has a wrong value';
  }
  if (Object.keys(faults).length > 0) throw invalidRequest(faults);
}

export function readFault(value: unknown): FaultSpec {
  if (!isObject(value)) throw invalidRequest({ fault: 'must be an object' });
  checkAll(value, FAULT_FIELDS, ['on', 'kind']);
  const spec = value as unknown as FaultSpec;
  const kinds = KINDS_AT[spec.on] ?? [];
  if (!kinds.includes(spec.kind)) throw invalidRequest({ kind: `must be one of ${kinds.join(', ')} on ${spec.on}` });
  return spec;
}

const FLAG_CHECKS: Record<keyof Flags, Check> = {
  strict: isFlag,
  maxPageSize: isCount(1, 100),
  listOnlyReady: isFlag,
  rotateRefreshTokens: isFlag,
  revokeOnReuse: isFlag,
  unpairEndsRefresh: isFlag,
  clientAuthentication: isOneOf(['either', 'client_secret_post', 'client_secret_basic']),
  notificationStyle: isOneOf(['json', 'form', 'get']),
  accessTokenSeconds: isCount(1, 86_400),
  linkSeconds: isCount(1, 86_400),
  severOpener: isFlag,
};

export const FLAG_NAMES = Object.keys(DEFAULT_FLAGS) as (keyof Flags)[];

export function readFlags(value: unknown): Partial<Flags> {
  if (!isObject(value)) throw invalidRequest({ flags: 'must be an object' });
  checkAll(value, FLAG_CHECKS, []);
  return value;
}

const isOrder: Check = (value) => value === 'latest' || isCount(1, 1e9)(value);
const isPatient: Check = (value) =>
  isObject(value) &&
  Object.entries(value).every(
    ([name, part]) => ['firstName', 'lastName', 'chartNumber'].includes(name) && isText(part),
  );

const ACTIONS: Record<Action['do'], [checks: Record<string, Check>, needed: readonly string[]]> = {
  'pick-up': [{ rxId: isText }, ['rxId']],
  scan: [{ rxId: isText, captures: isFlag, identity: isPatient, mistyped: isFlag }, ['rxId']],
  'scan-without-rx': [
    {
      companyId: isCount(1, 1e9),
      patient: isPatient,
      procedureId: isCount(1, 1e9),
      procedureTypeId: isCount(1, 1e9),
      scannerSerialNumber: isText,
      captures: isFlag,
    },
    ['companyId'],
  ],
  move: [{ orderId: isOrder, event: isOneOf(FLOW_EVENTS) }, ['orderId', 'event']],
  'export-settings': [
    { orderId: isOrder, format: isOneOf(['stl', 'ply']), layout: isOneOf(['flat', 'folder']) },
    ['orderId'],
  ],
  unpair: [{ companyId: isCount(1, 1e9) }, ['companyId']],
  fault: [{ fault: isObject }, ['fault']],
  'clear-faults': [{}, []],
  flags: [{ flags: isObject }, ['flags']],
  region: [{ region: isText }, ['region']],
  'expire-tokens': [{ companyId: isCount(1, 1e9) }, []],
};

/** @throws 422 that names each property at fault. */
export function readAction(value: unknown): Action {
  if (!isObject(value)) throw invalidRequest({ action: 'must be an object' });
  const { do: name, ...rest } = value;
  const known = typeof name === 'string' && Object.hasOwn(ACTIONS, name) ? ACTIONS[name as Action['do']] : undefined;
  if (known === undefined) throw invalidRequest({ do: `must be one of ${Object.keys(ACTIONS).join(', ')}` });
  checkAll(rest, known[0], known[1]);
  if (name === 'fault') return { do: 'fault', fault: readFault(rest['fault']) };
  if (name === 'flags') return { do: 'flags', flags: readFlags(rest['flags']) };
  return value as unknown as Action;
}
