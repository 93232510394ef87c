import { describe, expect, it } from 'vitest';
import { alignSettingsSchema, createAlign } from '../../../bff/align/index.ts';
import { parse } from '../../../shared/parse.ts';
import { handClock, silent } from '../support/fixtures.ts';

const environment = {
  oauthBase: 'https://login.align.example',
  baseUrl: 'https://api.align.example',
  clientId: 'id',
  clientSecret: 'secret',
};
const local = { ...environment, oauthBase: 'http://127.0.0.1:4010', baseUrl: 'http://localhost:4010' };

function faults(change: Record<string, unknown>, base: object = environment, name = 'production'): string[] {
  const outcome = parse(alignSettingsSchema, {
    environment: name,
    environments: { production: { ...base, ...change } },
  });
  return outcome.ok ? [] : outcome.error.map(({ path }) => path.replace('environments.production.', ''));
}

describe('align settings', () => {
  it('fills in what is not said', () => {
    const outcome = parse(alignSettingsSchema, {
      environment: 'production',
      environments: { production: environment },
    });
    expect(outcome.ok && outcome.value.environments['production']).toMatchObject({
      clientAuth: 'post',
      allowedHosts: [],
      simulated: false,
      timings: { pollFloor: 120_000, pageSpacing: 0, backfillDays: 90, requestTimeout: 30_000 },
    });
  });

  it.each([
    [{ timings: { pollFloor: 119_999 } }, ['timings.pollFloor']],
    [{ baseUrl: 'http://api.align.example' }, ['baseUrl']],
    [{ oauthBase: 'https://user:pw@login.example' }, ['oauthBase']],
    [{ loginPage: 'http://login.example/page' }, ['loginPage']],
    [{ allowedHosts: ['*.example', 'https://x.example'] }, ['allowedHosts.0', 'allowedHosts.1']],
    [{ simulated: true }, ['simulated']],
    [{ simulated: true, timings: { pollFloor: 1 } }, ['simulated', 'timings.pollFloor']],
    [{ clientSecret: '' }, ['clientSecret']],
    [{ clientAuth: 'jwt' }, ['clientAuth']],
  ])('refuses %o', (change, paths) => {
    expect(faults(change)).toEqual(paths);
  });

  it('refuses an active environment that is not there', () => {
    expect(faults({}, environment, 'sandbox')).toEqual(['environment']);
  });

  it('honours simulated only when every host is loopback', () => {
    const short = { simulated: true, timings: { pollFloor: 2000 } };
    expect(faults(short, local)).toEqual([]);
    expect(faults({ ...short, allowedHosts: ['[::1]:9', '127.0.0.1:4011'] }, local)).toEqual([]);
    expect(faults({ ...short, allowedHosts: ['files.example'] }, local)).toContain('simulated');
    expect(faults({ ...short, loginPage: 'https://login.example' }, local)).toContain('simulated');
    expect(faults({}, local)).toEqual(['baseUrl', 'oauthBase']);
  });

  it('is read anew at each use', () => {
    let active = 'one';
    const outcome = parse(alignSettingsSchema, {
      environment: 'one',
      environments: { one: environment, sandbox: environment, local: { ...local, simulated: true } },
    });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    const align = createAlign({
      settings: () => ({ ...outcome.value, environment: active }),
      fetch,
      clock: handClock(),
      log: silent,
    });
    const seen = ['one', 'sandbox', 'local'].map((name) => {
      active = name;
      const { livemode, simulated } = align.environment();
      return [align.environment().name, livemode, simulated];
    });
    expect(seen).toEqual([
      ['one', true, false],
      ['sandbox', false, false],
      ['local', false, true],
    ]);
    active = 'gone';
    expect(() => align.environment()).toThrow('not_configured');
  });
});
