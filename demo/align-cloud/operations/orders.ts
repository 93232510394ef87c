import { requireClinic } from '../access.ts';
import { invalidRequest, notFound, tooManyRequests } from '../api-error.ts';
import { assetUrl } from '../assets/links.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { Account, Order, Problem422Fields } from '../model.ts';
import { isIsoDate } from './field-reader.ts';
import { patientById } from './patients.ts';

/** Wait 120 s or more between two calls for one clinic (align-api §6). */
const FLOOR_MS = 120_000;
const LARGEST_PAGE = 100;

export const toIso = (time: number): string => new Date(time).toISOString();

export function doctorOf(account: Account, doctorId: number | string): { id: number | string; name: string } {
  const doctor = account.practice.doctors.find(({ id }) => id === doctorId);
  return { id: doctorId, name: doctor === undefined ? '' : `${doctor.firstName} ${doctor.lastName}` };
}

export function toOrderJson(cloud: Cloud, account: Account, order: Order): Record<string, unknown> {
  const rx = cloud.state.rxs.get(order.rxId);
  if (rx === undefined) throw new Error(`Order ${order.orderId} has lost its RX.`);
  const patient = patientById(cloud, order.patientId);
  const procedure = account.practice.procedures.find(({ id }) => id === rx.procedureId);
  return {
    orderId: order.orderId,
    orderCode: order.orderCode,
    rxId: order.rxId,
    companyId: order.companyId,
    status: order.status,
    patient: { firstName: patient.firstName, lastName: patient.lastName, chartNumber: patient.chartNumber },
    doctor: doctorOf(account, rx.doctorId),
    procedure: procedure?.name,
    caseType: procedure?.caseType,
    scannerSerialNumber: rx.scannerSerialNumber,
    scanDate: toIso(order.scanDate),
    modifiedDate: toIso(order.modifiedDate),
    myIteroUrl: `${cloud.urls.main}/myitero/orders/${order.orderId}`,
    assets: [...order.assets.values()].map((asset) => ({
      type: asset.type,
      url: assetUrl(cloud, account, order, asset),
      ...(asset.sizeBytes === undefined ? {} : { sizeBytes: asset.sizeBytes }),
      modifiedDate: toIso(asset.modifiedDate),
    })),
  };
}

interface Filter {
  from: number;
  to: number;
  chartNumber: string | undefined;
  page: number;
  pageSize: number;
}

function readFilter(query: URLSearchParams): Filter {
  const fields: Problem422Fields = {};
  const known = ['fromDate', 'toDate', 'chartNumber', 'page', 'pageSize'];
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) fields[name] = 'is not known';
    else if (query.getAll(name).length > 1) fields[name] = 'is there twice';
  }
  const date = (name: string, otherwise: number): number => {
    const text = query.get(name);
    if (text === null) return otherwise;
    if (!isIsoDate(text)) fields[name] ??= 'must be an ISO 8601 time';
    return Date.parse(text);
  };
  const count = (name: string, otherwise: number, largest: number): number => {
    const text = query.get(name);
    if (text === null) return otherwise;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > largest) fields[name] ??= `must be from 1 to ${largest}`;
    return value;
  };
  const filter = {
    from: date('fromDate', -Infinity),
    to: date('toDate', Infinity),
    chartNumber: query.get('chartNumber') ?? undefined,
    page: count('page', 1, 1_000_000),
    pageSize: count('pageSize', LARGEST_PAGE, LARGEST_PAGE),
  };
  if (Object.keys(fields).length > 0) throw invalidRequest(fields);
  return filter;
}

function isListed(cloud: Cloud, order: Order): boolean {
  if (!order.available) return false;
  return !cloud.flags.listOnlyReady || order.status === 'Completed' || order.status === 'Lab Review';
}

function holdFloor(cloud: Cloud, companyId: number): void {
  const now = cloud.clock.now();
  const wait = (cloud.state.lastGetOrders.get(companyId) ?? -Infinity) + FLOOR_MS - now;
  if (cloud.flags.strict && wait > 0) throw tooManyRequests(Math.ceil(wait / 1000));
  cloud.state.lastGetOrders.set(companyId, now);
}

export function getOrders(cloud: Cloud, c: Ctx): Response {
  const { account } = requireClinic(cloud, c);
  const filter = readFilter(new URL(c.req.url).searchParams);
  holdFloor(cloud, account.companyId);
  const found = [...cloud.state.orders.values()]
    .filter((order) => order.companyId === account.companyId && isListed(cloud, order))
    .filter(({ modifiedDate }) => modifiedDate >= filter.from && modifiedDate <= filter.to)
    .filter(
      ({ patientId }) =>
        filter.chartNumber === undefined || patientById(cloud, patientId).chartNumber === filter.chartNumber,
    )
    .sort((left, right) => left.modifiedDate - right.modifiedDate || left.orderId - right.orderId);
  const pageSize = Math.min(filter.pageSize, cloud.flags.maxPageSize);
  const page = found.slice((filter.page - 1) * pageSize, filter.page * pageSize);
  return Response.json({
    orders: page.map((order) => toOrderJson(cloud, account, order)),
    page: filter.page,
    pageSize,
    total: found.length,
  });
}

export function getOrderByRxId(cloud: Cloud, c: Ctx, rxId: string): Response {
  const { account } = requireClinic(cloud, c);
  const order = [...cloud.state.orders.values()].find(
    (one) => one.rxId === rxId.toLowerCase() && one.companyId === account.companyId && one.available,
  );
  if (order === undefined) throw notFound('order of this RX');
  return Response.json(toOrderJson(cloud, account, order));
}
