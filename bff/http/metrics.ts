import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics. Labels are route patterns and statuses: never a vendor, tenant, person or object. */
export interface Metrics {
  request(method: string, route: string, status: number, seconds: number): void;
  /** A figure that is read when somebody looks. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** A count that only grows, read when somebody looks. */
  counter(name: string, help: string, read: () => number): void;
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(options: { process: boolean }): Metrics {
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
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
