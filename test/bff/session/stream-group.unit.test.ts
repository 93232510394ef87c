import { describe, expect, it } from 'vitest';
import { toStreamGroup, type StreamGroup } from '../../../bff/session/stream-group.ts';

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const principal: StreamGroup['principal'] = {
  vendor: 'molar',
  tenant: 'riverside',
  environment: 'sandbox',
  userId: 'u1',
  scopes: ['pair:read', 'scan:read'],
  patient: { chartNumber: 'C-7', firstName: 'Ann' },
};
const group = (change: Partial<StreamGroup['principal']> = {}, origins: StreamGroup['origins'] = null): string =>
  toStreamGroup(key(1), { principal: { ...principal, ...change }, origins });

describe('the name of a group of sessions', () => {
  it('is the same for sessions that hear the same, in whatever order their rights were named', () => {
    expect(group({ scopes: ['scan:read', 'pair:read'] })).toBe(group());
    expect(group({ patient: { chartNumber: 'C-7', firstName: 'Anne' } })).toBe(group());
    expect(group({}, ['https://b.example', 'https://a.example'])).toBe(
      group({}, ['https://a.example', 'https://b.example']),
    );
  });

  it.each<[string, Partial<StreamGroup['principal']>]>([
    ['vendor', { vendor: 'incisor' }],
    ['clinic', { tenant: 'lakeview' }],
    ['environment', { environment: 'production' }],
    ['user', { userId: 'u2' }],
    ['right more', { scopes: ['pair:read', 'scan:read', 'scan:download'] }],
    ['right less', { scopes: ['scan:read'] }],
    ['patient', { patient: { chartNumber: 'C-8' } }],
    ['spelling of the chart number', { patient: { chartNumber: 'c-7' } }],
    ['patient missing', { patient: null }],
    ['patient whose chart number looks like none', { patient: { chartNumber: 'null' } }],
    ['border between two parts', { vendor: 'molar","riverside', tenant: '' }],
  ])('is another one with another %s', (_, change) => {
    expect(group(change)).not.toBe(group());
  });

  it('is another one when a session may be used from fewer origins', () => {
    expect(group({}, ['https://a.example'])).not.toBe(group());
  });

  it('cannot be found from the chart number without the key, and shows nothing of it', () => {
    const other = toStreamGroup(key(2), { principal, origins: null });
    expect(other).not.toBe(group());
    expect(group()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
