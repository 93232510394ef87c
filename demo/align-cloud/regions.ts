/** Where each operation lives, by region. The second region's paths are unlike the first's, to catch a hard-coded one. */
export type Operation =
  | 'getAvailableCompanies'
  | 'pair'
  | 'unpair'
  | 'getPracticeConfiguration'
  | 'scanRequest'
  | 'deleteRx'
  | 'getOrders'
  | 'getOrderByRxId'
  | 'getFullRx'
  | 'updatePatient';

export const METHODS: Record<Operation, 'GET' | 'POST' | 'PUT' | 'DELETE'> = {
  getAvailableCompanies: 'GET',
  pair: 'POST',
  unpair: 'POST',
  getPracticeConfiguration: 'GET',
  scanRequest: 'POST',
  deleteRx: 'DELETE',
  getOrders: 'GET',
  getOrderByRxId: 'GET',
  getFullRx: 'GET',
  updatePatient: 'PUT',
};

export const OPERATIONS = Object.keys(METHODS) as Operation[];

export interface Region {
  name: string;
  /** Undefined: this server's own address. */
  domain: string | undefined;
  paths: Record<Operation, string>;
}

export interface RegionOverride {
  domain?: string;
  paths?: Partial<Record<Operation, string>>;
}

const US_PATHS: Record<Operation, string> = {
  getAvailableCompanies: '/api/v2/companies',
  pair: '/api/v2/pair',
  unpair: '/api/v2/unpair',
  getPracticeConfiguration: '/api/v2/practice-configuration',
  scanRequest: '/api/v2/scan-request',
  deleteRx: '/api/v2/scan-request/{rxId}',
  getOrders: '/api/v2/orders',
  getOrderByRxId: '/api/v2/orders/by-rx/{rxId}',
  getFullRx: '/api/v2/rx/{rxId}',
  updatePatient: '/api/v2/patients',
};

const EU_PATHS: Record<Operation, string> = {
  getAvailableCompanies: '/eu/accounts/v3/mine',
  pair: '/eu/accounts/v3/connect',
  unpair: '/eu/accounts/v3/disconnect',
  getPracticeConfiguration: '/eu/clinic/v3/configuration',
  scanRequest: '/eu/rx/v3/requests',
  deleteRx: '/eu/rx/v3/requests/{rxId}/cancel',
  getOrders: '/eu/cases/v3/list',
  getOrderByRxId: '/eu/cases/v3/of-rx/{rxId}/case',
  getFullRx: '/eu/rx/v3/full/{rxId}',
  updatePatient: '/eu/people/v3/patient',
};

export function createRegions(overrides: Record<string, RegionOverride> = {}): Map<string, Region> {
  const regions = new Map<string, Region>([
    ['us-east-1', { name: 'us-east-1', domain: undefined, paths: US_PATHS }],
    ['eu-central-1', { name: 'eu-central-1', domain: undefined, paths: EU_PATHS }],
  ]);
  for (const [name, override] of Object.entries(overrides)) {
    const known = regions.get(name)?.paths ?? US_PATHS;
    regions.set(name, { name, domain: override.domain, paths: { ...known, ...override.paths } });
  }
  return regions;
}

export interface RouteMatch {
  operation: Operation;
  params: Record<string, string>;
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== value) return undefined;
    } else if (value === '') return undefined;
    else {
      try {
        params[name] = decodeURIComponent(value);
      } catch {
        return undefined;
      }
    }
  }
  return params;
}

/** The operation of this request in this region; `methods` when the path is known under other verbs only. */
export function matchOperation(region: Region, method: string, path: string): RouteMatch | { methods: string[] } {
  const methods: string[] = [];
  for (const operation of OPERATIONS) {
    const params = matchPath(region.paths[operation], path);
    if (params === undefined) continue;
    if (METHODS[operation] === method) return { operation, params };
    methods.push(METHODS[operation]);
  }
  return { methods };
}
