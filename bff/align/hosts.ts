import { AlignFault } from './port.ts';
import { isSimulated, toHost } from './settings.ts';
import type { EnvironmentSettings } from './settings.ts';

/** The hosts that may be called: those that configuration or an accepted Discovery named, with their very port. */
export interface Hosts {
  /** @throws AlignFault `host_refused`; nothing was sent then. */
  require(operation: string, url: string | URL): URL;
  /** Whether a Discovery domain is taken over: configuration must name its host. */
  accepts(url: URL): boolean;
}

export function createHosts(environment: EnvironmentSettings): Hosts {
  const named = new Set(
    [environment.baseUrl, environment.oauthBase]
      .map((text) => new URL(text).host)
      .concat(environment.allowedHosts.flatMap((text) => toHost(text) ?? [])),
  );
  const simulated = isSimulated(environment);

  function accepts(url: URL): boolean {
    // Plain http only to this machine: `simulated` holds for all-loopback environments alone.
    if (url.protocol !== 'https:' && !(simulated && url.protocol === 'http:')) return false;
    // Credentials in a URL would reach logs and other hosts' Referer.
    if (url.username !== '' || url.password !== '') return false;
    // `host` holds the port unless it is the scheme's own: another port is another host, to be named on its own.
    // This is the one gate of SSRF. A name that resolves into a private range passes it: that check belongs into the
    // connect step of the dispatcher (`createAlign({dispatcher})`), where the address is known and cannot change any more.
    return named.has(url.host);
  }

  return {
    accepts,
    require(operation, text) {
      const url = typeof text === 'string' ? (URL.canParse(text) ? new URL(text) : null) : text;
      if (url === null || !accepts(url))
        throw new AlignFault('host_refused', operation, { property: url?.host ?? 'url' });
      return url;
    },
  };
}
