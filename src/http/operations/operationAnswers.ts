/** What operations are answered, as schemas. */
import { z } from 'zod';
import { at, count, listOf, named, position, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import type { Health } from '../../infra/telemetry/probe.ts';
import { ANCHORED_BY, LEVELS } from '../../integrity/runs/verifyRun.ts';

const health = z.looseObject({
  healthy: z.boolean(),
  degraded: z.boolean(),
  postgres_connected: z.boolean(),
  /** Null where there is none. */
  redis_connected: z.boolean().nullable(),
  /** Does what was accepted survive a crash of Postgres? Null before it was asked. */
  durable: z.boolean().nullable(),
  queue: z.looseObject({ pending: count, oldest_pending_seconds: z.number(), dead: count, as_of: at.nullable() }),
  active_connections: count,
  processes: z.looseObject({ api: count, worker: count, relay: count, scheduler: count, signer: count }),
  /** Queues that no worker serves. */
  unserved_queues: z.array(text),
  timestamp: at,
});

export const healthAnswer = named('Health', health, {
  ...{ healthy: true, degraded: false, postgres_connected: true, redis_connected: true, durable: true },
  ...{ queue: { pending: 0, oldest_pending_seconds: 0, dead: 0, as_of: EXAMPLE.now }, active_connections: 41 },
  ...{
    processes: { api: 2, worker: 2, relay: 2, scheduler: 2, signer: 1 },
    unserved_queues: [],
    timestamp: EXAMPLE.now,
  },
} satisfies Health);

export const readyAnswer = named('Ready', z.strictObject({ ready: z.boolean() }), { ready: true });
export const aliveAnswer = named('Alive', z.strictObject({ alive: z.literal(true) }), { alive: true });

const connections = z.record(text, count);

export const socketsAnswer = named(
  'Sockets',
  z.strictObject({
    total_connections: count,
    unique_users: count,
    connections_by_transport: connections,
    relays: z.array(z.strictObject({ id: text, connections: count, started_at: at })),
    rooms: z.array(z.strictObject({ session_id: text, connections: count })),
    /** Only where there are more rooms. */
    next_cursor: text.exactOptional(),
  }),
  {
    ...{ total_connections: 41, unique_users: 38, connections_by_transport: { websocket: 40, sse: 1 } },
    ...{ relays: [{ id: 'relay-1', connections: 41, started_at: EXAMPLE.created_at }] },
    ...{ rooms: [{ session_id: EXAMPLE.session_id, connections: 41 }] },
  },
);

export const backpressureAnswer = named(
  'Backpressure',
  z.strictObject({ total_overflows: count, active_queues: count, total_queued_messages: count, max_queue_size: count }),
  { total_overflows: 2, active_queues: 1, total_queued_messages: 37, max_queue_size: 37 },
);

const issues = z.array(text);

export const recordVerdict = named(
  'RecordVerdict',
  z.looseObject({
    sessions_checked: count,
    streams_checked: count,
    events_checked: count,
    invalid_sessions: z.array(z.strictObject({ session_id: text, issues })),
    invalid_streams: z.array(z.strictObject({ stream: text, issues })),
    guard_issues: issues,
    guard_notes: issues,
    commands_checked: count,
    command_issues: issues,
    tamper_detected: z.boolean(),
    system_valid: z.boolean(),
    issues_omitted: count,
    message: text,
    checked_at: at,
  }),
  {
    ...{ sessions_checked: 12, streams_checked: 24, events_checked: 3_211 },
    ...{ invalid_sessions: [], invalid_streams: [] },
    ...{ guard_issues: [], guard_notes: [], commands_checked: 1_000, command_issues: [], tamper_detected: false },
    ...{ system_valid: true, issues_omitted: 0, message: 'The record is intact.', checked_at: EXAMPLE.now },
  },
);

const progress = z.strictObject({ done: count, total: count });

/** A tree of the log from outside the database, and the keys (name and id) whose signatures under it are good. */
const runAnchor = z.strictObject({
  from: z.enum(ANCHORED_BY),
  size: count,
  root: text,
  signed_by: z.array(text),
  cosigned_by: z.array(text),
});

const runFinding = z.strictObject({
  check: text,
  stream: text.nullable(),
  event_sequence: z.int().nullable(),
  /** In the log. */
  index: z.int().nullable(),
  expected: text.nullable(),
  got: text.nullable(),
});

/** One that global-verify began has besides what that answers. */
export const runAnswer = named(
  'IntegrityRun',
  z.looseObject({
    id: uuid,
    /** The timed job whose run it is; null for one that was asked for. */
    job: text.nullable(),
    /** `all`, the stream of a session, or `part`: what of the record was due. */
    scope: text,
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    level: z.enum(LEVELS),
    /** Null where there is none yet. */
    verdict: z.enum(['intact@self', 'intact@log', 'intact@anchored', 'tampered', 'unverifiable']).nullable(),
    /** In streams. */
    progress,
    /** How many of each were checked. */
    counts: z.record(text, count),
    findings: z.array(runFinding),
    findings_omitted: count,
    /** What the log was compared with. */
    anchors: z.array(runAnchor),
    started_at: at.nullable(),
    finished_at: at.nullable(),
    /** A note over the run's canonical JSON, signed by the head key; null before the end, and where there is no such key. */
    report: text.nullable(),
  }),
  {
    ...{ id: EXAMPLE.event_id, job: null, scope: 'all', state: 'done', level: 'log', verdict: 'intact@log' },
    ...{ progress: { done: 24, total: 24 }, findings: [], findings_omitted: 0 },
    counts: { event: 3_211, stream: 24, state: 24, exhibit: 2, command: 1_000, leaf: 3_200 },
    anchors: [
      {
        ...{ from: 'signer', size: 3_200, root: EXAMPLE.head.event_hash },
        ...{ signed_by: ['court.example/log+5f1c2a9e'], cosigned_by: ['witness.example+0b7d33c1'] },
      },
    ],
    ...{ started_at: EXAMPLE.started_at, finished_at: EXAMPLE.now },
    report: `{"counts":{"event":3211,…}}\n\n— court.example/log/head …`,
  },
);

export const runList = listOf('IntegrityRuns', runAnswer);

export const runUnderWay = named(
  'RunUnderWay',
  z.strictObject({ run_id: text, status: z.literal('running'), location: text }),
  { run_id: EXAMPLE.event_id, status: 'running', location: `/integrity/runs/${EXAMPLE.event_id}` },
);

export const roomAnswer = named(
  'Room',
  z.strictObject({
    head: position,
    /** The first and the last event that the room keeps ready; null where no relay has it. */
    ring: z.strictObject({ from: count, to: count }).nullable(),
    listeners: z.array(z.strictObject({ connection_id: text, transport: text, lag: count, acked: count })),
  }),
  {
    ...{ head: EXAMPLE.head, ring: { from: 1, to: 17 } },
    listeners: [{ connection_id: EXAMPLE.event_id, transport: 'websocket', lag: 0, acked: 17 }],
  },
);

/** Null where the queue does not answer. */
const known = count.nullable();

export const queuesAnswer = named(
  'Queues',
  z.strictObject({
    items: z.array(
      z.strictObject({
        name: text,
        waiting: known,
        active: known,
        delayed: known,
        /** Ticks that were fired and wait to be run, or to be run again. */
        scheduled: count,
        /** Jobs of the timetable that are run through it. */
        registered: count,
        failed: known,
        /** Seconds for which the oldest that waits has waited; null where none does. */
        oldest: known,
      }),
    ),
    next_cursor: z.null(),
  }),
  {
    items: [{ name: 'ml', waiting: 2, active: 1, delayed: 0, scheduled: 1, registered: 3, failed: 0, oldest: 12 }],
    next_cursor: null,
  },
);

export const cacheAnswer = named(
  'Cache',
  /** Memory is in bytes, and that of the whole server where it is Redis; so is its uptime, in seconds. */
  z.strictObject({ total_keys: count, used_memory: count, hits: count, misses: count, uptime: count }),
  { total_keys: 120, used_memory: 1_048_576, hits: 900, misses: 100, uptime: 86_400 },
);
