import type { Phase } from '../../shared/scan.ts';
import { missingFiles } from '../scans/missing-files.ts';
import { parseAssets } from '../scans/version.ts';
import { evidence, identity, judged, requestedAs, type Evidence, type Judged } from './evidence.ts';
import type { CaseFact, Facts } from './facts.ts';
import { stageOf } from './judge-request.ts';

/** What one case says. It is here in any case; why it was not noticed comes first. Pure. */
export function judgeCase(fact: CaseFact, { chart, connection }: Pick<Facts, 'chart' | 'connection'>): Judged {
  const { row, match, scanner } = fact;
  // The request of another patient's chart is not told to a session bound to this one.
  const request = chart === null || fact.request?.chart_number === chart ? fact.request : null;
  const status = evidence('status', row.status, row.modified_at);
  const of = { at: row.modified_at, row, ...(request !== null && { requestId: request.id }) };
  // What waits for upstream waits for the connection first.
  const isAsked = connection?.state === 'paired';
  const wait = isAsked ? 'wait' : 'connect';

  if (match === 'similar' || row.other_identity === 1) {
    const scanned = evidence('scanned_as', identity(row), row.scanned_at ?? row.modified_at);
    const requested = request === null ? [] : [requestedAs(request)];
    const similar = match === 'similar' && request === null;
    return judged('other_identity', 'check_patient', [scanned, ...requested, status], { ...of, similar });
  }
  if (row.missing_since !== null) {
    const missing = missingOf(fact, isAsked);
    if (scanner !== null && !scanner.supported) {
      return judged('scanner_too_old', 'use_newer_scanner', [evidence('scanner', scanner.name), ...missing], of);
    }
    // rules.md "Words for people": wait, then open in MyiTero.
    const action = row.missing_told_at === null ? wait : 'open_my_itero';
    return judged('files_missing', action, [...missing, status], of);
  }
  const { rule } = stageOf(row.status, row.phase as Phase);
  if (rule === 'sending' || rule === 'modeling') return judged(rule, wait, [status], of);
  return judged('here', 'open_scan', [status], of);
}

function missingOf({ row }: CaseFact, isAsked: boolean): Evidence[] {
  const files = missingFiles(row.phase as Phase, parseAssets(row.assets));
  return [
    ...files.map((file) => evidence('missing_file', file, row.missing_since)),
    ...(row.recheck_at === null || !isAsked ? [] : [evidence('next_check', null, row.recheck_at)]),
  ];
}
