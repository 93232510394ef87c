import { routes } from '../../shared/routes.ts';
import { whereAnswerSchema, whereSchema, type Finding } from '../../shared/where.ts';
import type { Audit } from '../audit/index.ts';
import { sessionEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { AssetLinks } from '../scans/index.ts';
import { toScan } from '../scans/to-scan.ts';
import type { Principal } from '../tenancy.ts';
import type { Judged } from './evidence.ts';
import { createFacts, type FactParts } from './gather-facts.ts';
import { judgeWhere } from './judge.ts';

/** `POST /v1/scans/where`: rules with evidence, each of which ends in one thing to do (shared/where). */
export function createWhereEndpoint(parts: FactParts & { audit: Audit; links: AssetLinks }): Endpoint {
  const { store, clock, audit, links } = parts;
  const gather = createFacts(parts);

  return sessionEndpoint({
    method: 'post',
    path: routes.scansWhere,
    summary: 'Where a scan is: by name, chart number, order number or RX id',
    scopes: ['scan:read'],
    body: whereSchema,
    answer: whereAnswerSchema,
    async handle({ principal, body }) {
      if (body.text === undefined && principal.patient === null) {
        throw new ProblemError('invalid_request', { errors: [{ path: 'text', expected: 'what to look for' }] });
      }
      const facts = await gather(principal, body.text ?? null);
      const findings = judgeWhere(facts).map((one) => toFinding(one, links, principal));
      // Without the text: it is a name or a chart number more often than not.
      await store.write((tx) => audit.record(tx, principal, 'scan.looked_for', null, 'ok'));
      return { findings, askedAt: new Date(clock.now()).toISOString() };
    },
  });
}

function toFinding(
  { rule, action, evidence, requestId, row, similar }: Judged,
  links: AssetLinks,
  principal: Principal,
): Finding {
  const onlooker = { holder: principal, mayDownload: principal.scopes.includes('scan:download') };
  return {
    rule,
    action,
    similar,
    evidence: [...evidence],
    requestId,
    orderId: row?.order_id ?? null,
    myIteroUrl: row?.my_itero_url ?? null,
    scan: row === null ? null : toScan(row, links, onlooker),
  };
}
