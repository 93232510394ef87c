import type { Log } from '../deps.ts';
import type { Client } from './client.ts';
import { createHosts, type Hosts } from './hosts.ts';
import { AlignFault } from './port.ts';
import type { EnvironmentSettings } from './settings.ts';
import { TolerantReader } from './tolerant-reader.ts';
import { DISCOVERY_PATH, OPERATIONS, readDiscovery, type OperationName, type WireEndpoint } from './wire.ts';

/** Where every operation lives, as Discovery said last. */
export interface Directory {
  /** The operation's address with `{name}` filled in. @throws AlignFault `host_refused` when its host is not allowed. */
  url(operation: OperationName, params?: Readonly<Record<string, string>>): URL;
  /** Whether a host is one of Discovery's: only those get the access token (align-api §9). */
  takesToken(url: URL): boolean;
}

export interface Discovery {
  /** What is known, asked for once if nothing is. */
  known(): Promise<Directory>;
  /** Asks anew: before the account list and before every refresh (align-api §1). */
  renew(): Promise<Directory>;
}

/** @param environment re-read at each use; another address than before empties what is known */
export function createDiscovery(parts: {
  environment: () => EnvironmentSettings;
  client: Client;
  log: Log;
}): Discovery {
  let known: { key: string; directory: Directory } | null = null;
  let first: { key: string; directory: Promise<Directory> } | null = null;
  const keyOf = ({ baseUrl, allowedHosts, simulated }: EnvironmentSettings): string =>
    JSON.stringify([baseUrl, allowedHosts, simulated]);

  /** When it fails, what was known stays in use for the calls that need not ask. */
  async function renew(): Promise<Directory> {
    const environment = parts.environment();
    const directory = await fetchDirectory(environment, parts.client, parts.log);
    known = { key: keyOf(environment), directory };
    return directory;
  }

  return {
    renew,
    known() {
      const key = keyOf(parts.environment());
      if (known?.key === key) return Promise.resolve(known.directory);
      if (first?.key === key) return first.directory;
      const entry = { key, directory: renew() };
      first = entry;
      const forget = (): void => {
        if (first === entry) first = null;
      };
      entry.directory.then(forget, forget);
      return entry.directory;
    },
  };
}

async function fetchDirectory(environment: EnvironmentSettings, client: Client, log: Log): Promise<Directory> {
  const hosts = createHosts(environment);
  const url = hosts.require('discovery', `${withoutSlash(environment.baseUrl)}${DISCOVERY_PATH}`);
  const answer = await client.json({ operation: 'discovery', method: 'GET', url, write: false });
  const names = Object.values(OPERATIONS).map(({ name }) => name);
  const endpoints = readDiscovery(new TolerantReader('discovery', answer), names);
  return createDirectory(environment, hosts, endpoints, log);
}

/** Pure but for the log of refused hosts. */
export function createDirectory(
  environment: EnvironmentSettings,
  hosts: Hosts,
  endpoints: readonly WireEndpoint[],
  log: Log,
): Directory {
  const templates = new Map<string, string | null>();
  const tokenHosts = new Set<string>();
  for (const endpoint of endpoints) {
    const domain = /^https?:\/\//i.test(endpoint.domain) ? endpoint.domain : `https://${endpoint.domain}`;
    if (URL.canParse(domain) && hosts.accepts(new URL(domain))) {
      // Joined as text: in `new URL(path, domain)` a path of `//elsewhere` would change the host.
      const path = endpoint.path.startsWith('/') ? endpoint.path : `/${endpoint.path}`;
      templates.set(endpoint.name, `${withoutSlash(domain)}${path}`);
      tokenHosts.add(new URL(domain).host);
    } else {
      templates.set(endpoint.name, null);
      const host = URL.canParse(domain) ? new URL(domain).host : 'unreadable';
      log.warn({ operation: endpoint.name, host }, 'Discovery names a host that allowedHosts does not: not called');
    }
  }
  const { origin, host } = new URL(environment.baseUrl);
  for (const { name, path } of Object.values(OPERATIONS)) {
    if (templates.has(name)) continue;
    templates.set(name, `${origin}${path}`);
    tokenHosts.add(host);
  }

  return {
    url(operation, params = {}) {
      const { name } = OPERATIONS[operation];
      const template = templates.get(name) ?? null;
      if (template === null) throw new AlignFault('host_refused', operation, { property: name });
      return hosts.require(operation, fill(operation, template, params));
    },
    takesToken: (url) => tokenHosts.has(url.host) && hosts.accepts(url),
  };
}

/** `{name}` → its value, encoded, so that it stays one segment of the path. */
function fill(operation: string, template: string, params: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new AlignFault('wrong_shape', 'discovery', { property: `path {${name}}` });
    // `..` survives encoding and would be resolved: an RX id out of a notification could choose another operation.
    if (value === '' || value === '.' || value === '..') throw new AlignFault('not_found', operation);
    return encodeURIComponent(value);
  });
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
