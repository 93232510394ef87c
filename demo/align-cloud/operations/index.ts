import type { Cloud, Ctx } from '../cloud.ts';
import type { Operation, RouteMatch } from '../regions.ts';
import { getAvailableCompanies } from './companies.ts';
import { getFullRx } from './full-rx.ts';
import { getOrderByRxId, getOrders } from './orders.ts';
import { pair, unpair } from './pairing.ts';
import { updatePatient } from './patients.ts';
import { getPracticeConfiguration } from './practice-configuration.ts';
import { deleteRx, scanRequest } from './scan-requests.ts';

type Run = (cloud: Cloud, c: Ctx, rxId: string) => Promise<Response> | Response;

const RUNS: Record<Operation, Run> = {
  getAvailableCompanies,
  pair,
  unpair,
  getPracticeConfiguration,
  scanRequest,
  deleteRx,
  getOrders,
  getOrderByRxId,
  getFullRx,
  updatePatient,
};

export function runOperation(cloud: Cloud, c: Ctx, { operation, params }: RouteMatch): Promise<Response> | Response {
  return RUNS[operation](cloud, c, params['rxId'] ?? '');
}
