import { vi } from 'vitest';

/** The little of a page that the core listens to, for tests that run in Node. */
export interface FakePage {
  /** The network or the person came back. */
  wake(): void;
  /** Listeners on window and document that are still there. */
  listeners(): number;
}

class CountingTarget extends EventTarget {
  count = 0;
  readonly visibilityState = 'visible';
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.count++;
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.count--;
    super.removeEventListener(...args);
  }
}

export function installPage(): FakePage {
  const window = new CountingTarget();
  const document = new CountingTarget();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', document);
  return {
    wake: () => window.dispatchEvent(new Event('online')),
    listeners: () => window.count + document.count,
  };
}

/** A token as the BFF makes them, unsigned: an element only reads it. Times in seconds. */
export function aToken(claims: {
  iat: number;
  exp: number;
  scope?: string;
  sub?: string;
  sid?: string;
  group?: string;
}): string {
  const payload = {
    vendor: 'acme',
    tenant: 'north',
    sub: 'u1',
    sid: 's1',
    livemode: false,
    scope: 'pair:read',
    ...claims,
  };
  return `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`;
}
