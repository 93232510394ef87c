import { describe, expect, it } from 'vitest';
import { createDirectory } from '../../../bff/align/discovery.ts';
import { createHosts } from '../../../bff/align/hosts.ts';
import type { EnvironmentSettings } from '../../../bff/align/settings.ts';
import { silent, TIMINGS } from '../support/fixtures.ts';

const production: EnvironmentSettings = {
  oauthBase: 'https://login.align.example/oauth2',
  baseUrl: 'https://api.align.example',
  clientId: 'id',
  clientSecret: 'secret',
  clientAuth: 'post',
  allowedHosts: ['eu.align.example', 'files.example:8443'],
  simulated: false,
  timings: { ...TIMINGS, recheckSteps: [...TIMINGS.recheckSteps] },
};

describe('the allow-list', () => {
  const hosts = createHosts(production);

  it.each([
    'https://api.align.example/x',
    'https://API.align.example:443/x',
    'https://login.align.example/x',
    'https://eu.align.example/x',
    'https://files.example:8443/x',
  ])('lets %s through', (url) => {
    expect(hosts.require('x', url).href).toContain('/x');
  });

  it.each([
    'http://api.align.example/x',
    'https://api.align.example:8443/x',
    'https://files.example/x',
    'https://api.align.example.evil.example/x',
    'https://api.align.example./x',
    'https://user@api.align.example/x',
    'https://user:pass@api.align.example/x',
    'https://evil.example/?https://api.align.example/',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'ftp://api.align.example/x',
    'javascript:alert(1)',
    '//api.align.example/x',
    '',
  ])('refuses %s', (url) => {
    expect(() => hosts.require('x', url)).toThrow('host_refused');
  });

  it('does not take plain http because an environment of other hosts calls itself simulated', () => {
    const pretender = createHosts({ ...production, simulated: true });
    expect(() => pretender.require('x', 'http://api.align.example/x')).toThrow('host_refused');
  });
});

describe('the directory that Discovery gives', () => {
  const make = (domain: string, path = '/v9/orders') =>
    createDirectory(production, createHosts(production), [{ name: 'getOrders', domain, path }], silent);

  it('uses a domain of baseUrl’s host or of an allowed one, and sends the token there', () => {
    const directory = make('https://eu.align.example/');
    expect(directory.url('orders').href).toBe('https://eu.align.example/v9/orders');
    expect(directory.takesToken(new URL('https://eu.align.example/any'))).toBe(true);
    expect(directory.takesToken(new URL('https://files.example:8443/any'))).toBe(false);
  });

  it('calls no host that configuration does not name: that operation is refused, the others go on', () => {
    const directory = make('https://elsewhere.example');
    expect(() => directory.url('orders')).toThrow('host_refused');
    expect(directory.url('practice').href).toBe('https://api.align.example/api/v2/practice-configuration');
    expect(directory.takesToken(new URL('https://elsewhere.example/'))).toBe(false);
  });

  it.each(['//evil.example/x', '/\\evil.example/x', '@evil.example/x'])(
    'keeps the host whatever the path %s',
    (path) => {
      expect(make('https://eu.align.example', path).url('orders').host).toBe('eu.align.example');
    },
  );

  it('fills placeholders in as one segment', () => {
    const directory = make('https://eu.align.example');
    expect(directory.url('fullRx', { rxId: 'a/b?c#d' }).href).toBe('https://api.align.example/api/v2/rx/a%2Fb%3Fc%23d');
    for (const rxId of ['', '.', '..']) expect(() => directory.url('fullRx', { rxId })).toThrow('not_found');
    expect(() => directory.url('fullRx')).toThrow('wrong_shape');
  });
});
