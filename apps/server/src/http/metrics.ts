import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { countLiveServices, countLiveSessions } from '../features/media/index.ts';
import { countDeliveries, oldestOpen } from '../features/webhooks/index.ts';
import { type Clock, monotonicMs } from '../kernel/clock.ts';
import type { Services } from '../services.ts';
import type { Handle } from '../storage/database.ts';
import type { HttpOptions } from './http-options.ts';
import type { MediaDoor } from './media-door.ts';
import type { RateLimits } from './rate-limits.ts';

/** What Prometheus reads; one registry per server. */
export interface Metrics {
  text(): Promise<string>;
  readonly contentType: string;
  /** A refusal by the name of its error. */
  refused(error: string): void;
  close(): void;
}

/** How exactly the delay of the event loop is measured, in milliseconds. */
const LOOP_RESOLUTION_MS = 10;
/** Upper bounds of the request histogram, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(
  app: FastifyInstance,
  { services, gateway }: Pick<HttpOptions, 'services' | 'gateway'>,
  limits: RateLimits,
): Metrics {
  const registry = new Registry();
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  countRequests(app, registry);
  gauge(registry, 'callgate_rate_limit_counters', 'Rate limit counters in memory.', () => limits.tracked());
  gauge(registry, 'callgate_memory_bytes', 'Resident memory of the process.', () =>
    process.memoryUsage.rss(),
  );
  gauge(registry, 'callgate_media_sessions', 'Sessions in calls, pending or active.', () =>
    services.database.read(countLiveSessions),
  );
  gauge(registry, 'callgate_service_participants', 'Agents, recorders, telephony in calls.', () =>
    services.database.read(countLiveServices),
  );
  gauge(
    registry,
    'callgate_timers_due',
    'Timers that are due and not fired yet.',
    async () => (await services.timers.stats()).due,
  );
  gauge(
    registry,
    'callgate_timers_late_seconds',
    'How long the first of the due timers has been waiting.',
    async () => (await services.timers.stats()).lateMs / 1000,
  );
  labelled(
    registry,
    'callgate_webhook_deliveries',
    'Webhook deliveries that are not delivered, by state; 100,000 at most are counted.',
    'state',
    () => services.database.read(countDeliveries),
  );
  gauge(
    registry,
    'callgate_webhook_oldest_seconds',
    'Age of the oldest webhook delivery that is neither delivered nor dead; 0 without one.',
    () => services.database.read((snapshot) => oldestAge(snapshot, services.clock)),
  );
  labelled(
    registry,
    'callgate_event_loop_delay_seconds',
    'Delay of the event loop since the last reading.',
    'quantile',
    () => loopDelays(loop),
  );
  labelled(registry, 'callgate_storage', 'Figures of the store by name.', 'name', () =>
    services.database.stats(),
  );
  mediaMetrics(registry, services, gateway);
  const refusals = new Counter({
    name: 'callgate_refusals_total',
    help: 'Requests refused, by error.',
    labelNames: ['error'],
    registers: [registry],
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    refused: (error) => refusals.inc({ error }),
    close: () => void loop.disable(),
  };
}

function mediaMetrics(registry: Registry, { sweep }: Services, gateway: MediaDoor): void {
  gauge(
    registry,
    'callgate_media_clients',
    'Media clients that are through the door.',
    () => gateway.stats().open,
  );
  labelled(
    registry,
    'callgate_media_door',
    'What the media door dropped, refused and closed since the start, by name.',
    'what',
    () => Object.fromEntries(gateway.stats().counts),
  );
  labelled(
    registry,
    'callgate_media_sweep',
    'What the sweep found at the media server and mended since the start, by name.',
    'what',
    () => ({ ...sweep.counts }),
  );
}

function countRequests(app: FastifyInstance, registry: Registry): void {
  const requests = new Histogram({
    name: 'callgate_http_request_seconds',
    help: 'Time to answer, by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const operation = request.context?.operation ?? 'none';
    const started = request.context?.startedMs ?? monotonicMs();
    requests.observe({ operation, status: reply.statusCode }, (monotonicMs() - started) / 1000);
    done();
  });
}

function gauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

function labelled(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  read: () => Record<string, number> | Promise<Record<string, number>>,
): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      for (const [key, value] of Object.entries(await read())) this.set({ [label]: key }, value);
    },
  });
}

async function oldestAge(handle: Handle, clock: Clock): Promise<number> {
  const oldest = await oldestOpen(handle);
  return oldest ? Math.max(0, clock.now() - oldest.created_at) / 1000 : 0;
}

const NANOSECONDS = 1e9;

/** Quantiles since the last call; before the first sample they are 0. */
function loopDelays(loop: ReturnType<typeof monitorEventLoopDelay>): Record<string, number> {
  const read = { '0.5': loop.percentile(50), '0.99': loop.percentile(99), '1': loop.max };
  loop.reset();
  return Object.fromEntries(
    Object.entries(read).map(([quantile, value]) => [
      quantile,
      Number.isFinite(value) && value < 1e15 ? value / NANOSECONDS : 0,
    ]),
  );
}
