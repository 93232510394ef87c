import { ApiError } from './api-error.ts';
import type { Cloud, Ctx } from './cloud.ts';
import type { Account, User } from './model.ts';
import { isPassword } from './oauth/authorize.ts';
import { createReader } from './operations/field-reader.ts';
import type { Reader } from './operations/field-reader.ts';
import { readObject } from './request-body.ts';
import { scan } from './scanner.ts';
import { PROCEDURES } from './seed/rx-definition.ts';
import { createWalkIn } from './walk-in.ts';

const badRequest = (fields: Record<string, string>): ApiError =>
  new ApiError(400, 'invalid_request', 'The request does not say what is needed.', { fields });

const unauthorized = (): ApiError =>
  new ApiError(401, 'unauthorized', 'A doctor’s login of this account is needed.', {
    headers: { 'www-authenticate': 'Basic realm="scanning tool", charset="UTF-8"' },
  });

/** The page's procedure map: a procedure with one of its types under one number. */
export const PROCEDURE_MAPS = PROCEDURES.flatMap((procedure) =>
  procedure.types.map((type) => ({
    procedureMapId: type.id,
    procedureId: procedure.id,
    procedure: procedure.name,
    procedureTypeId: type.id,
    procedureType: type.name,
  })),
);

export const procedureMaps = (): Response => Response.json(PROCEDURE_MAPS);

function requireDoctor(cloud: Cloud, c: Ctx): User {
  const header = c.req.header('authorization') ?? '';
  const text = header.startsWith('Basic ') ? Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  const user = cloud.state.users.find(({ login }) => login === text.slice(0, Math.max(colon, 0)).toLowerCase());
  const isDoctor = user?.roles.includes('doctor') === true && !user.roles.includes('lab');
  if (user === undefined || !isDoctor || !isPassword(text.slice(colon + 1), user.password)) throw unauthorized();
  return user;
}

/** This page answers 400 where the others answer 422 (align-api §8). */
function done(read: Reader): void {
  try {
    read.done();
  } catch (error) {
    throw error instanceof ApiError && error.fields !== undefined ? badRequest(error.fields) : error;
  }
}

function requireAccount(cloud: Cloud, user: User, companyId: number): Account {
  const account = user.companyIds.includes(companyId) ? cloud.state.accounts.get(companyId) : undefined;
  if (account === undefined) throw unauthorized();
  return account;
}

function requireScanner(account: Account, serialNumber: string): void {
  if (!account.practice.scanners.some((scanner) => scanner.serialNumber === serialNumber)) {
    throw badRequest({ scannerSerialNumber: 'is not a scanner of this account' });
  }
}

/** `POST /api/v1/order/create-new-order`, also spelt `create-neworder`. */
export async function createNewOrder(cloud: Cloud, c: Ctx): Promise<Response> {
  const user = requireDoctor(cloud, c);
  const body = await readObject(c);
  // The documented body only begins with these: more properties are let through.
  const read = createReader(body, Object.keys(body));
  const companyId = read.wholeNumber('companyId');
  const scannerSerialNumber = read.text('scannerSerialNumber');
  const procedureMapId = read.wholeNumber('procedureMapId');
  const person = read.object('patient', Object.keys((body['patient'] as object | null | undefined) ?? {}));
  const patient = {
    firstName: person.text('firstName'),
    lastName: person.text('lastName'),
    chartNumber: person.optionalText('chartNumber', 200) ?? '',
  };
  const procedure = PROCEDURE_MAPS.find((map) => map.procedureMapId === procedureMapId);
  if (procedure === undefined) read.fault('procedureMapId', 'is not a preset');
  done(read);
  const account = requireAccount(cloud, user, companyId);
  requireScanner(account, scannerSerialNumber);
  const { procedureId, procedureTypeId } = procedure!;
  const rx = createWalkIn(cloud, account, { patient, procedureId, procedureTypeId, scannerSerialNumber });
  return answer(cloud, rx);
}

/** `POST /api/v1/order/create-neworder-by-rx`. */
export async function createNewOrderByRx(cloud: Cloud, c: Ctx): Promise<Response> {
  const user = requireDoctor(cloud, c);
  const body = await readObject(c);
  const read = createReader(body, Object.keys(body));
  const companyId = read.wholeNumber('companyId');
  const scannerSerialNumber = read.text('scannerSerialNumber');
  const rxId = read.text('rxId').toLowerCase();
  done(read);
  const account = requireAccount(cloud, user, companyId);
  requireScanner(account, scannerSerialNumber);
  const rx = cloud.state.rxs.get(rxId);
  if (rx === undefined || rx.companyId !== companyId) throw badRequest({ rxId: 'is not an RX of this account' });
  if (rx.state === 'scanned') throw badRequest({ rxId: 'was scanned already' });
  return answer(cloud, rx);
}

function answer(cloud: Cloud, rx: Parameters<typeof scan>[1]): Response {
  const { order } = scan(cloud, rx);
  return Response.json({ orderId: order.orderId, orderCode: order.orderCode, rxId: order.rxId });
}
