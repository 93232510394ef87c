import { Counter, Histogram, type Registry } from 'prom-client';
import { LEARNT_BY } from '../../shared/scan.ts';
import { POLL_OUTCOMES, RECHECK_OUTCOMES, type FlowMeter } from '../deps.ts';

/** From a notification that is followed at once to a case that only the poll of an account that was away for days found (s). */
const LATENESS = [0.5, 1, 2, 5, 10, 30, 60, 130, 260, 600, 1800, 3600, 6 * 3600, 86_400, 3 * 86_400];

/**
 * What flows through this instance since its start: over several instances the sum is the whole. Every word is there from the
 * start, so that a rate can be taken of the first that ever happens.
 */
export function createFlowMeter(registry: Registry): FlowMeter {
  const counter = (name: string, help: string, label: string, words: readonly string[]): Counter => {
    const made = new Counter({ name, help, labelNames: [label], registers: [registry] });
    for (const word of words) made.inc({ [label]: word }, 0);
    return made;
  };
  const versions = counter('itero_versions_total', 'Versions that became visible here', 'learnt_by', LEARNT_BY);
  const polls = counter('itero_polls_total', 'Rounds of Get Orders by how they ended', 'outcome', POLL_OUTCOMES);
  const rechecks = counter('itero_rechecks_total', 'Looks for a missing file', 'outcome', RECHECK_OUTCOMES);
  const lateness = new Histogram({
    name: 'itero_version_lateness_seconds',
    help: 'From when upstream made a version to when it became visible; history is left out',
    labelNames: ['learnt_by'],
    buckets: LATENESS,
    registers: [registry],
  });
  return {
    version(learntBy, ms) {
      versions.inc({ learnt_by: learntBy });
      // The two clocks are not one: upstream may be a little ahead.
      if (learntBy !== 'backfill') lateness.observe({ learnt_by: learntBy }, Math.max(0, ms) / 1000);
    },
    poll: (outcome) => polls.inc({ outcome }),
    recheck: (outcome) => rechecks.inc({ outcome }),
  };
}
