import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock, Figure, FlowMeter } from '../deps.ts';
import { createFlowMeter } from './flow-metrics.ts';

/** Prometheus metrics. Labels are route patterns and statuses: never a vendor, tenant, person or object. */
export interface Metrics {
  request(method: string, route: string, status: number, seconds: number): void;
  /** A figure that is read when somebody looks. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** A count that only grows, read when somebody looks. */
  counter(name: string, help: string, read: () => number): void;
  /** The same by a label of few words. One that cannot be read is left out; the others stand. */
  figure(figure: Figure): void;
  /** What the features count as it happens. */
  readonly flow: FlowMeter;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Prometheus gives up after ten seconds: a database that hangs must not take what this process knows by itself along (ms). */
const FIGURE_MS = 3000;

export function createMetrics(options: { process: boolean; clock: Clock }): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'itero_http_requests_total',
    help: 'Answered requests',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'itero_http_request_seconds',
    help: 'Time to answer; for streams the time to their first byte',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const unreadable = new Counter({
    name: 'itero_figures_unreadable_total',
    help: 'Figures that were left out because the database did not answer',
    registers: [registry],
  });
  async function inTime<T>(reading: Promise<T>): Promise<T> {
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = options.clock.after(FIGURE_MS, () => reject(new Error('not read in time')));
    });
    try {
      return await Promise.race([reading, late]);
    } finally {
      cancel();
    }
  }
  // Bounded by routes × statuses: labels are patterns.
  const children = new Map<string, { count: Counter.Internal; time: Histogram.Internal<'route'> }>();
  return {
    request(method, route, status, seconds) {
      const name = `${status} ${method} ${route}`;
      let child = children.get(name);
      if (child === undefined) {
        child = { count: requests.labels({ method, route, status: String(status) }), time: duration.labels({ route }) };
        children.set(name, child);
      }
      child.count.inc();
      child.time.observe(seconds);
    },
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [registry],
        collect: async () => gauge.set(await read()),
      });
    },
    counter(name, help, read) {
      const counter: Counter = new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          counter.reset();
          counter.inc(read());
        },
      });
    },
    figure(figure) {
      const { name, help, label } = figure;
      const gauge: Gauge = new Gauge({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        registers: [registry],
        async collect() {
          gauge.reset();
          let value;
          try {
            value = await inTime(figure.read());
          } catch {
            unreadable.inc();
            // Without a label a reset leaves a zero, which would be a lie.
            if (label === undefined) gauge.remove();
            return;
          }
          if (typeof value === 'number') return gauge.set(value);
          for (const [word, one] of Object.entries(value)) gauge.set({ [label ?? 'kind']: word }, one);
        },
      });
    },
    flow: createFlowMeter(registry),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
