/** Prometheus metrics. All are named here: the list of what a process tells about itself. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createRate } from './rate.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENESS_SECONDS = [0.01, 0.05, 0.25, 1, 5, 10, 60, 600, 3_600, 86_400];
const RUN_SECONDS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600];
const LAGS = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 10_000];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

interface Sent {
  delivered: number;
  fromRing: number;
  fromRecord: number;
  overflows: number;
}

export function createMetrics() {
  const registry = new Registry();
  // Its usual 10 ms wake an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const registers = [registry];
  const deliveries = createRate();
  const sent: Sent = { delivered: 0, fromRing: 0, fromRecord: 0, overflows: 0 };
  const makers = createMakers(registers);
  const { histogram, counter, gauge } = makers;
  return {
    registry,
    requestSeconds: histogram('http_request_duration_seconds', 'From the headers to the end of the answer', SECONDS, [
      'route',
      'status',
    ]),
    acceptSeconds: histogram('command_accept_seconds', 'From the start of the inbox flush to its commit', SECONDS),
    endToEndSeconds: histogram('command_e2e_seconds', 'From accepted to the answer', SECONDS, ['outcome']),
    flushSize: histogram('inbox_flush_size', 'Commands stored by one inbox flush', SIZES),
    batchSize: histogram('apply_batch_size', 'Commands settled by one transaction', SIZES),
    transactionSeconds: histogram('apply_tx_seconds', 'Duration of one applying transaction', SECONDS),
    statesFolded: counter('states_folded_total', 'Streams whose state was not at hand, by what it was folded from', [
      'from',
    ]),
    pending: gauge('inbox_pending', 'Commands without an outcome'),
    oldestPending: gauge('inbox_oldest_pending_seconds', 'Age of the oldest command without an outcome'),
    oldestWorkable: gauge(
      'inbox_oldest_workable_seconds',
      'Age of the oldest command without an outcome that is not in a stream that is stuck',
    ),
    stuckStreams: gauge('inbox_stuck_streams', 'Streams whose commands wait for a lock or for their next attempt'),
    refusedInstitutions: gauge('inbox_refused_institutions', 'Institutions that have their share waiting'),
    backlogged: gauge('inbox_backlogged', '1 while too much waits for any more to be accepted'),
    backlogRefusals: counter('backlog_refusals_total', 'Commands refused because too much was waiting already'),
    dead: counter('dead_commands_total', 'Commands set aside after their last attempt', ['name']),
    backingOff: gauge('streams_backing_off', 'Streams that wait alone, as they are locked or of a newer version', [
      'reason',
    ]),
    retries: counter('command_retries_total', 'Faults of commands that will be tried again', ['name']),
    redeliveries: counter('redeliveries_total', 'Doorbells that were handed over once more'),
    drained: counter('drain_recovered_total', 'Streams whose pending commands were found without a doorbell'),
    ringFailures: counter('doorbell_failures_total', 'Doorbells that could not be rung'),
    replyPolls: counter('reply_poll_fallback_total', 'Outcomes read from Postgres because no reply came'),
    publishFailures: counter('publish_failures_total', 'Announcements that could not be handed over'),
    matchPublishes: counter('match_publishes_total', 'Changes of matches that were told to boards', ['tier']),
    integrityIssues: counter('integrity_issues_total', 'Issues of findings that were opened or changed', ['job']),
    tamperDetected: gauge('plearoll_tamper_detected', '1 while a finding on the record is open'),
    findingsOpen: gauge('integrity_findings_open', 'Findings that no clean check has resolved'),
    ...createLogMetrics(makers),
    ...createRelayMetrics(makers, sent),
    limiterDegraded: gauge('limiter_degraded', '1 while this process counts its part of each rate limit alone'),
    admissions: counter('admissions_total', 'Clients that asked to listen, by what became of it', [
      'transport',
      'result',
    ]),
    ...createDoorMetrics(makers),
    contactReveals: counter('contact_reveals_total', 'Contact cards that were revealed'),
    feedPolls: counter('feed_polls_total', 'Polls and syncs of feeds, by what came of them', ['outcome']),
    matchUnresolved: counter('match_unresolved_total', 'Debates of feeds that are no match yet'),
    matchConflicts: counter('match_conflicts_total', 'Debates of feeds that could not be mapped to one match'),
    matchesBeyond: counter('matches_beyond_total', 'Debates of feeds that became no match: there are too many already'),
    outboundRequests: counter('outbound_requests_total', 'Requests to servers of others, by what came of them', [
      'outcome',
    ]),
    outboundSeconds: histogram('outbound_request_seconds', 'Duration of one request to a server of others', SECONDS),
    limiterRefusals: counter('limiter_refusals_total', 'Tries that a rate limit refused', ['type']),
    ...createJobMetrics(makers),
    deliveries,
    deliveryRate: rateGauge(registers, deliveries),
  };
}

function createDoorMetrics({ counter }: ReturnType<typeof createMakers>) {
  return {
    refusals: counter('http_refusals_total', 'Requests that a problem was answered to', ['status']),
    guardActions: counter('guard_actions_total', 'What the guard did about a browser or an address', [
      'rule',
      'action',
    ]),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** What the scheduler and its jobs tell. */
function createJobMetrics({ histogram, counter, gauge }: ReturnType<typeof createMakers>) {
  return {
    ...createQueueMetrics({ gauge }),
    cacheReads: counter('cache_reads_total', 'Looks into the cache, by whether it was there', ['kind', 'result']),
    term: gauge('leader_term', 'Term in which this scheduler leads; 0 while it does not'),
    clockSkew: gauge('scheduler_clock_skew_seconds', 'This machine’s clock less the database’s'),
    tickLateness: histogram('tick_lateness_seconds', 'From when a tick was due to when it was fired', LATENESS_SECONDS),
    turnLateness: histogram(
      'turn_expiry_lateness_seconds',
      'From the deadline of a turn to when it was recorded that it had passed',
      LATENESS_SECONDS,
    ),
    ticksMissed: counter('ticks_missed_total', 'Ticks that nobody fired in time, by what is done about them', [
      'policy',
    ]),
    jobRuns: counter('job_runs_total', 'Runs of timed jobs by how they ended', ['name', 'outcome']),
    jobSeconds: histogram('job_seconds', 'Duration of a run of a timed job', RUN_SECONDS, ['name']),
  };
}

/** What is in the queues. */
function createQueueMetrics({ gauge }: Pick<ReturnType<typeof createMakers>, 'gauge'>) {
  const queueJobs = gauge('queue_jobs', 'Jobs in a queue, by their state', ['queue', 'state']);
  const queueOldest = gauge('queue_oldest_seconds', 'For how long the oldest job that waits has waited', ['queue']);
  return {
    queueJobs,
    queueOldest,
    /** @param read sets both, each time that the metrics are asked for */
    whenAsked(read: () => Promise<void>): void {
      Object.assign(queueJobs, { collect: read });
    },
  };
}

/** What the sequencer and the signer tell of the log. */
function createLogMetrics({ gauge }: ReturnType<typeof createMakers>) {
  return {
    logSize: gauge('log_size', 'Events in the log, as far as this process has put them there'),
    signedSize: gauge('log_signed_size', 'Events under the last checkpoint that this process signed'),
    checkpointLag: gauge('checkpoint_lag_seconds', 'Age of the oldest event that no checkpoint covers'),
    sinkLag: gauge('checkpoint_sink_lag_seconds', 'Age of the oldest checkpoint that a sink has not got'),
    witnessLag: gauge('witness_lag_seconds', 'Age of the oldest checkpoint that a witness has not cosigned'),
    witnessesRefusing: gauge('witnesses_refusing', 'Witnesses that refuse what this process signed'),
    signerRefuses: gauge('signer_refuses', '1 while this process signs nothing, as state and log do not agree'),
  };
}

/** What the relay tells of its rooms and listeners. @param sent counted by plain additions, once for each message of each listener */
function createRelayMetrics({ histogram, counter, gauge, tallied }: ReturnType<typeof createMakers>, sent: Sent) {
  return {
    sent,
    connections: gauge('active_websocket_connections', 'Listeners connected to this process', ['transport']),
    presenceLeases: gauge(
      'presence_leases',
      'People of rosters who listen at this process, however many sockets they have',
    ),
    delivered: tallied('messages_delivered_total', 'Messages sent to listeners', () => sent.delivered),
    ringEvents: tallied('ring_events_total', 'Events sent to listeners from what a room keeps', () => sent.fromRing),
    recordEvents: tallied(
      'record_events_total',
      'Events sent to listeners that a room had to read for them again',
      () => sent.fromRecord,
    ),
    overflows: counter('listener_overflows_total', 'Times that a listener was more events behind than it may be', [
      'policy',
    ]),
    publishToEmit: histogram(
      'publish_to_emit_seconds',
      'From an announcement until its events were written to all sockets that take',
      SECONDS,
    ),
    emitToAck: histogram(
      'emit_to_ack_seconds',
      'From when a live event was written until it was acknowledged',
      SECONDS,
    ),
    ackLag: histogram('ack_lag_events', 'How far behind the head an acknowledgement was', LAGS),
    droppedEvents: counter('events_dropped_total', 'Events that slow listeners were told they miss'),
    refusedMessages: counter('socket_messages_refused_total', 'Messages of listeners that were not taken', ['reason']),
    socketFloods: counter('socket_floods_total', 'Windows of 10 s in which frames of a socket were left out unparsed'),
    closedSockets: counter('sockets_closed_total', 'Connections of listeners that were ended here', ['reason']),
    matchSubscriptions: gauge('match_subscriptions', 'Matches that connections to this process follow, each counted'),
    heals: counter('publish_heals_total', 'Events that a room read from Postgres instead of hearing them', ['cause']),
  };
}

function createMakers(registers: Registry[]) {
  const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const tallied = (name: string, help: string, total: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(total());
      },
    });
  return { histogram, counter, gauge, tallied };
}

function rateGauge(registers: Registry[], deliveries: ReturnType<typeof createRate>): Gauge {
  return new Gauge({
    name: 'messages_per_second',
    help: 'Messages sent to listeners in the last whole second',
    registers,
    collect() {
      this.set(deliveries.perSecond());
    },
  });
}
