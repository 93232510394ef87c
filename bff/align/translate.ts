/** Wire → our own words. Pure. */
import type { Account } from '../../shared/pairing.ts';
import type { Practice } from '../../shared/practice.ts';
import type { FullRx, Phase } from '../../shared/scan.ts';
import type { AlignTokens, OrderPage, OrderQuery, UpstreamAsset, UpstreamOrder } from './port.ts';
import { ASSET_TYPES } from './wire.ts';
import type { readAccounts, readOrders, readTokens, WireFullRx, WireOrder, WirePractice } from './wire.ts';

const PHASE_OF: Readonly<Record<string, Phase>> = {
  completed: 'scanned',
  'itero modeling': 'modeling',
  'lab review': 'review',
  scanning: 'rescan',
  'itero milling': 'milling',
};

/** align-api §6. An unknown status is shown by its own name. */
export function toPhase(status: string): Phase {
  return PHASE_OF[status.trim().toLowerCase()] ?? 'other';
}

export function toOrder(wire: WireOrder): UpstreamOrder {
  return {
    ...wire,
    phase: toPhase(wire.status),
    myIteroUrl: toWebLink(wire.myIteroUrl),
    assets: toAssets(wire.assets),
  };
}

/** One entry per kind of file, the newest; kinds that nobody told us about are left out. */
function toAssets(wire: WireOrder['assets']): UpstreamAsset[] {
  const byName = new Map<string, UpstreamAsset>();
  for (const asset of wire) {
    if (asset === null) continue;
    const name = ASSET_TYPES[asset.type.trim().toUpperCase()];
    if (name === undefined) continue;
    const known = byName.get(name);
    if (known !== undefined && known.modifiedAt >= asset.modifiedAt) continue;
    const sizeBytes = asset.sizeBytes !== null && asset.sizeBytes >= 0 ? Math.trunc(asset.sizeBytes) : null;
    byName.set(name, { name, url: asset.url, sizeBytes, modifiedAt: asset.modifiedAt });
  }
  return [...byName.values()];
}

/** It becomes an href in the page of a DPMS: `javascript:` must not get through. */
export function toWebLink(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

export function toOrderPage(wire: ReturnType<typeof readOrders>, query: OrderQuery): OrderPage {
  return {
    orders: wire.orders.read.map(toOrder),
    unreadable: wire.orders.unreadable,
    page: wire.page ?? query.page,
    pageSize: wire.pageSize ?? query.pageSize,
    total: wire.total,
  };
}

/** @param now ms since the epoch, when the answer came */
export function toTokens(wire: ReturnType<typeof readTokens>, now: number): AlignTokens {
  const { accessToken, refreshToken, expiresIn } = wire;
  return { accessToken, refreshToken, expiresAt: now + Math.max(0, expiresIn) * 1000 };
}

export function toAccounts(wire: ReturnType<typeof readAccounts>): Account[] {
  return wire;
}

/** align-api §4: Fixed Restorative, per tooth; used where the configuration brings no list of its own. */
const RESTORATION_TYPES = ['Crown', 'Bridge', 'Veneer', 'Inlay', 'Onlay', 'Implant based', 'Missing'];

/** VITA classical: the shades that are written without a system's name. */
const SHADES = 'A1 A2 A3 A3.5 A4 B1 B2 B3 B4 C1 C2 C3 C4 D2 D3 D4'.split(' ');

export function toPractice(wire: WirePractice, now: number): Practice {
  return {
    account: wire.account,
    doctors: wire.doctors.map(({ id, firstName, lastName, type }) => ({
      id,
      name: `${firstName} ${lastName}`.trim(),
      type,
      // align-api §1: a "type" is needed, and nobody is both lab person and doctor.
      selectable: type !== null && type.trim() !== '' && !/\blab\b/i.test(type),
    })),
    scanners: wire.scanners.map(({ serialNumber, name, model }) => ({
      serialNumber,
      name: name ?? serialNumber,
      model,
      supported: isSupportedScanner(model),
    })),
    labs: wire.labs.filter(isActive).map(toNamed),
    procedures: wire.procedures.filter(isActive).map(({ id, name, types }) => ({
      id,
      name,
      types: types.filter(isActive).map((type) => ({ id: type.id, name: type.name, needsTeeth: type.needsTeeth })),
    })),
    restorationTypes: namesOf(wire.restorationTypes, RESTORATION_TYPES),
    materials: wire.materials.filter(isActive).flatMap(({ id, name }) => (id === null ? [] : [{ id, name }])),
    shades: namesOf(wire.shades, SHADES),
    fetchedAt: new Date(now).toISOString(),
  };
}

/**
 * align-api §1: Element 1 or later. Before it were "iTero" and "HD2.9"; a model without a name, or with one that is newer
 * than this code, must not lock a clinic out.
 */
export function isSupportedScanner(model: string | null): boolean {
  if (model === null || /\b(element|lumina)\b/i.test(model)) return true;
  return !/\b(itero|hd|cadent|ioc|2\.9|first)/i.test(model);
}

const isActive = ({ active }: { active: boolean }): boolean => active;
const toNamed = ({ id, name }: { id: string; name: string }) => ({ id, name });

function namesOf(list: readonly { name: string; active: boolean }[], otherwise: readonly string[]): string[] {
  return list.length === 0 ? [...otherwise] : list.filter(isActive).map(({ name }) => name);
}

export function toFullRx(wire: WireFullRx): FullRx {
  const patient = wire.patient;
  const rows: [label: string, value: string | null][] = [
    ['Patient', patient === null ? null : `${patient.firstName} ${patient.lastName}`.trim()],
    ['Chart number', patient?.chartNumber ?? null],
    ['Date of birth', patient?.dateOfBirth ?? null],
    ['Doctor', wire.doctor],
    ['Procedure', wire.procedure],
    ['Type', wire.procedureType],
    ['Status', wire.status],
    ['Scanner', wire.scanner],
    ['Lab', wire.lab],
    ['Due date', wire.dueDate],
    ['Created', wire.createdAt],
    ...wire.others.slice(0, 50).map(({ name, value }): [string, string] => [name, value]),
  ];
  return {
    rxId: wire.rxId,
    rows: rows.flatMap(([label, value]) => (value === null || value === '' ? [] : [{ label, value }])),
    teeth: wire.teeth,
    notes: wire.notes,
  };
}
