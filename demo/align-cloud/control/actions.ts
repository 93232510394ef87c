import { ApiError, invalidRequest, notFound } from '../api-error.ts';
import { FLOW_EVENTS } from '../case-flow.ts';
import type { FlowEvent } from '../case-flow.ts';
import { changeExportSettings, step } from '../case-update.ts';
import type { ExportSettings } from '../case-update.ts';
import type { Cloud } from '../cloud.ts';
import type { FaultSpec } from '../faults.ts';
import type { Account, Order, Rx } from '../model.ts';
import { disconnect } from '../operations/pairing.ts';
import type { Flags } from '../options.ts';
import { pickUp, scan } from '../scanner.ts';
import type { ScanWish } from '../scanner.ts';
import { createWalkIn } from '../walk-in.ts';
import type { WalkIn } from '../walk-in.ts';

/** `latest` is the newest order of all: scenarios cannot know ids. */
export type OrderRef = number | 'latest';

/** What a person at the scanner, at the lab or at Align can do; the console, scenarios and tests all come through here. */
export type Action =
  | { do: 'pick-up'; rxId: string }
  | ({ do: 'scan'; rxId: string } & ScanWish)
  | ({ do: 'scan-without-rx'; companyId: number } & WalkIn & Pick<ScanWish, 'captures'>)
  | { do: 'move'; orderId: OrderRef; event: FlowEvent }
  | ({ do: 'export-settings'; orderId: OrderRef } & ExportSettings)
  | { do: 'unpair'; companyId: number }
  | { do: 'fault'; fault: FaultSpec }
  | { do: 'clear-faults' }
  | { do: 'flags'; flags: Partial<Flags> }
  | { do: 'region'; region: string }
  | { do: 'expire-tokens'; companyId?: number };

export interface Done {
  orderId?: number;
  rxId?: string;
  faultId?: string;
  /** Seconds until a regenerated iDE is back. */
  seconds?: number;
  /** Ends when new files are ready and listed. */
  finished: Promise<void>;
}

const NOW = Promise.resolve();

/** `open` is the newest open RX: scenarios cannot know ids. */
export function requireAnyRx(cloud: Cloud, rxId: string): Rx {
  const open = rxId === 'open' ? [...cloud.state.rxs.values()].findLast(({ state }) => state !== 'scanned') : undefined;
  const rx = open ?? cloud.state.rxs.get(rxId.toLowerCase());
  if (rx === undefined) throw notFound('RX');
  return rx;
}

export function requireOrder(cloud: Cloud, orderId: OrderRef): Order {
  const order = orderId === 'latest' ? [...cloud.state.orders.values()].at(-1) : cloud.state.orders.get(orderId);
  if (order === undefined) throw notFound('order');
  return order;
}

function requireAccount(cloud: Cloud, companyId: number): Account {
  const account = cloud.state.accounts.get(companyId);
  if (account === undefined) throw notFound('account');
  return account;
}

function expireTokens(cloud: Cloud, companyId: number | undefined): void {
  const now = cloud.clock.now();
  for (const issued of cloud.state.accessTokens.values()) {
    const grant = cloud.state.grants.get(issued.grantId);
    if (companyId === undefined || grant?.companyId === companyId) {
      issued.expiresAt = Math.min(issued.expiresAt, now);
      if (grant !== undefined) grant.accessExpiresAt = Math.min(grant.accessExpiresAt, now);
    }
  }
}

function scanned(result: ReturnType<typeof scan>): Done {
  return { orderId: result.order.orderId, rxId: result.order.rxId, finished: result.finished };
}

/** @throws ApiError 404, 409 or 422 with a sentence for the person at the console. */
export function perform(cloud: Cloud, action: Action): Done {
  switch (action.do) {
    case 'pick-up': {
      const rx = requireAnyRx(cloud, action.rxId);
      pickUp(rx);
      return { rxId: rx.rxId, finished: NOW };
    }
    case 'scan':
      return scanned(scan(cloud, requireAnyRx(cloud, action.rxId), action));
    case 'scan-without-rx': {
      const account = requireAccount(cloud, action.companyId);
      return scanned(scan(cloud, createWalkIn(cloud, account, action), action));
    }
    case 'move': {
      if (!FLOW_EVENTS.includes(action.event))
        throw invalidRequest({ event: `must be one of ${FLOW_EVENTS.join(', ')}` });
      const order = requireOrder(cloud, action.orderId);
      return { orderId: order.orderId, finished: step(cloud, order, action.event) };
    }
    case 'export-settings': {
      const order = requireOrder(cloud, action.orderId);
      const seconds = changeExportSettings(cloud, order, action);
      return { orderId: order.orderId, finished: NOW, ...(seconds === undefined ? {} : { seconds }) };
    }
    case 'unpair':
      disconnect(cloud, requireAccount(cloud, action.companyId));
      return { finished: NOW };
    case 'fault':
      return { faultId: cloud.faults.add(action.fault).id, finished: NOW };
    case 'clear-faults':
      cloud.faults.clear();
      return { finished: NOW };
    case 'flags':
      Object.assign(cloud.flags, action.flags);
      return { finished: NOW };
    case 'region':
      if (!cloud.regions.has(action.region)) {
        throw invalidRequest({ region: `must be one of ${[...cloud.regions.keys()].join(', ')}` });
      }
      cloud.state.region = action.region;
      return { finished: NOW };
    case 'expire-tokens':
      expireTokens(cloud, action.companyId);
      return { finished: NOW };
    default:
      throw new ApiError(422, 'invalid_request', 'There is no such action.', { fields: { do: 'is not known' } });
  }
}
