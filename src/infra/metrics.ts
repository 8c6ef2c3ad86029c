/** Prometheus metrics. All are named here, so that one look says what a process tells about itself. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  return {
    registry,
    acceptSeconds: histogram('command_accept_seconds', 'From the start of the inbox flush to its commit', SECONDS),
    endToEndSeconds: histogram('command_e2e_seconds', 'From accepted to the answer', SECONDS, ['outcome']),
    flushSize: histogram('inbox_flush_size', 'Commands stored by one inbox flush', SIZES),
    batchSize: histogram('apply_batch_size', 'Commands settled by one transaction', SIZES),
    transactionSeconds: histogram('apply_tx_seconds', 'Duration of one applying transaction', SECONDS),
    pending: gauge('inbox_pending', 'Commands without an outcome'),
    oldestPending: gauge('inbox_oldest_pending_seconds', 'Age of the oldest command without an outcome'),
    dead: counter('dead_commands_total', 'Commands set aside after their last attempt', ['name']),
    retries: counter('command_retries_total', 'Faults of commands that will be tried again', ['name']),
    drained: counter('drain_recovered_total', 'Streams whose pending commands were found without a doorbell'),
    ringFailures: counter('doorbell_failures_total', 'Doorbells that could not be rung'),
    replyPolls: counter('reply_poll_fallback_total', 'Outcomes read from Postgres because no reply came'),
    publishFailures: counter('publish_failures_total', 'Announcements that could not be handed over'),
    integrityIssues: counter('integrity_issues_total', 'Issues of findings that were opened or changed', ['job']),
    findingsOpen: gauge('integrity_findings_open', 'Findings that no clean check has resolved'),
    connections: gauge('active_websocket_connections', 'Listeners connected to this process', ['transport']),
    delivered: counter('messages_delivered_total', 'Messages sent to listeners'),
    heals: counter('publish_heals_total', 'Events that a room read from Postgres instead of hearing them', ['cause']),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
