/**
 * Did the record keep its promises? Judged from what the clients wrote down and the rows as they are, with hashes made
 * here from the contract alone: nothing of our own verification is asked. Pure; what is wrong is said in sentences.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ExportedEvent, JsonObject } from '../src/core/definitions/event.ts';
import { groupBy } from '../src/core/groupBy.ts';
import type { Heard } from './listeners.ts';
import type { Sent } from './producers.ts';

export interface CommandRow {
  id: string;
  /** Its place in the inbox. */
  position: number;
  name: string;
  stream: string;
  status: string;
  idempotency_key: string | null;
  /** Of the request that sent it first. */
  request_id: string;
  outcome: string | null;
}

/** An event as it is stored. */
export interface EventRow {
  stream: string;
  sequence: number;
  event_id: string;
  event_type: string;
  actor_id: string;
  occurred_at: string;
  payload_commitment: string;
  previous_hash: string;
  event_hash: string;
  payload: string;
  payload_salt: string;
}

/** What the database holds of the streams of a round. */
export interface Stored {
  commands: CommandRow[];
  /** By stream and sequence. */
  events: EventRow[];
  heads: { stream: string; sequence: number; event_hash: string }[];
}

export interface History {
  sent: Sent[];
  heard: Heard[];
  /** Some answered whose problems do not name their request: versions before 0.2.0. */
  metOlder?: boolean;
}

const TERMINAL = ['applied', 'rejected', 'dead'];
const NO_HASH = '0'.repeat(64);

/** @returns every promise that was broken */
export function judge(history: History, stored: Stored): string[] {
  return [
    ...outcomesMissing(history.sent, stored),
    ...answersUntrue(history, stored),
    ...chainsBroken(stored),
    ...eventsWithoutCommand(stored),
    ...orderLost(history.sent, stored),
    ...hearsay(history.heard, stored),
  ];
}

/** Every accepted command has one outcome, and everybody was answered. */
function outcomesMissing(sent: Sent[], { commands }: Stored): string[] {
  const unsettled = commands
    .filter(({ status, outcome }) => !TERMINAL.includes(status) || outcome === null)
    .map(({ id, name, status }) => `${name} ${id} was accepted and is ${status}, without an outcome`);
  const unanswered = sent
    .filter(({ answer }) => answer === null)
    .map((one) => `${nameOf(one)} was never answered: ${one.failures.at(-1)?.why}`);
  return [...unsettled, ...unanswered];
}

/** What was answered is in the inbox, once, and is what is stored there. */
function answersUntrue({ sent, metOlder }: History, { commands }: Stored): string[] {
  const byKey = groupBy(commands, ({ idempotency_key }) => idempotency_key ?? '');
  return sent.flatMap((one) => {
    const rows = byKey.get(one.key) ?? [];
    if (rows.length > 1) return [`${nameOf(one)} is in the inbox ${rows.length} times`];
    if (!one.answer) return [];
    const { status, body } = one.answer;
    const [row] = rows;
    if (!row) return [`${nameOf(one)} was answered ${status} and is lost`];
    if (body.command_id !== row.id)
      return [`${nameOf(one)} was answered as ${body.command_id} and stored as ${row.id}`];
    if (status === 202) return [];
    const expected = answerOf(row);
    if (metOlder && body.request_id === undefined) delete expected.request_id;
    if (told(body) === told(expected)) return [];
    return [`${nameOf(one)} was answered ${status}, which is not its stored outcome (${row.status})`];
  });
}

function answerOf({ id, status, outcome, request_id }: CommandRow): JsonObject {
  const { problem, ...applied } = JSON.parse(outcome ?? '{}') as JsonObject;
  if (problem) return { ...(problem as JsonObject), instance: `/api/command/${id}`, command_id: id, request_id };
  return { command_id: id, status, ...applied };
}

/** The order of keys says nothing. */
function told(body: JsonObject): string | undefined {
  return canonicalize(body);
}

/** Sequences without gaps, every link, every hash, every payload, and the head. */
function chainsBroken({ events, heads }: Stored): string[] {
  const faults: string[] = [];
  const streams = groupBy(events, ({ stream }) => stream);
  for (const [stream, chain] of streams) {
    let before = { sequence: 0, event_hash: NO_HASH };
    for (const event of chain) {
      const where = `${stream} at ${event.sequence}`;
      if (event.sequence !== before.sequence + 1) faults.push(`${where}: expected ${before.sequence + 1}`);
      if (event.previous_hash !== before.event_hash) faults.push(`${where}: is not linked to the event before`);
      if (event.payload_commitment !== commitmentOf(event.payload_salt, event.payload))
        faults.push(`${where}: its payload is another`);
      if (event.event_hash !== hashOf(event)) faults.push(`${where}: its hash is another`);
      before = event;
    }
    const head = heads.find((one) => one.stream === stream);
    if (head?.sequence !== before.sequence || head.event_hash !== before.event_hash)
      faults.push(`${stream}: its head is not its last event`);
  }
  return faults;
}

/** What an applied command says it recorded is recorded, once; and nothing is recorded that no command says. */
function eventsWithoutCommand({ commands, events }: Stored): string[] {
  const recorded = groupBy(events, ({ event_id }) => event_id.slice(0, 32));
  const faults: string[] = [];
  for (const { id, name, status, outcome } of commands) {
    const own = (recorded.get(id.slice(0, 32)) ?? []).map(({ sequence, event_type, event_hash }) => ({
      event_sequence: sequence,
      event_type,
      event_hash,
    }));
    recorded.delete(id.slice(0, 32));
    const said = status === 'applied' ? (JSON.parse(outcome ?? '{}') as JsonObject).events : [];
    if (JSON.stringify(own) !== JSON.stringify(said))
      faults.push(`${name} ${id} is ${status} and recorded ${own.length} events, not what its outcome says`);
  }
  for (const [, [event]] of recorded) faults.push(`${event!.stream} at ${event!.sequence}: no command recorded it`);
  return faults;
}

/** What one client sent to one session one after the other was accepted, and stands in the record, in that order. */
function orderLost(sent: Sent[], { commands, events }: Stored): string[] {
  const faults: string[] = [];
  const byKey = new Map(sent.map((one) => [one.key, one]));
  const senders = new Map(commands.map((row) => [row.id.slice(0, 32), byKey.get(row.idempotency_key ?? '')]));
  const inOrder = (list: (Sent | undefined)[], where: string) => {
    const last = new Map<string, number>();
    for (const one of list) {
      if (!one) continue;
      const who = `${one.client} in ${one.session_id}`;
      if (one.n < (last.get(who) ?? -1)) faults.push(`${nameOf(one)} stands in the ${where} behind ${last.get(who)}`);
      last.set(who, one.n);
    }
  };
  const inbox = [...commands].sort((a, b) => a.position - b.position);
  inOrder(
    inbox.map(({ id }) => senders.get(id.slice(0, 32))),
    'inbox',
  );
  inOrder(
    events.map(({ event_id }) => senders.get(event_id.slice(0, 32))),
    'record',
  );
  return faults;
}

/** Each listener was told every event of its session once, in order, and as it is recorded. */
function hearsay(heard: Heard[], { events }: Stored): string[] {
  return heard.flatMap(({ listener, session_id, events: told, broken }) => {
    const chain = events.filter(({ stream }) => stream === `session:${session_id}`);
    const who = `${listener} of ${session_id}`;
    const faults = told.flatMap((event, i) => {
      const { event_sequence, event_hash } = event;
      const row = chain[i];
      if (row?.sequence !== event_sequence)
        return [`${who} was told ${event_sequence} where ${row?.sequence ?? 'nothing'} is`];
      if (row.event_hash !== event_hash || hashOf(rowOf(event)) !== event_hash)
        return [`${who} was told another event at ${event_sequence}`];
      return [];
    });
    if (broken !== undefined) faults.push(`${who} was stopped: ${broken}`);
    return told.length < chain.length
      ? [...faults, `${who} was told ${told.length} of ${chain.length} events`]
      : faults;
  });
}

function rowOf(event: ExportedEvent): EventRow {
  const payload = canonicalize(event.payload) ?? '';
  const payload_salt = event.payload_salt ?? '';
  return {
    ...event,
    sequence: event.event_sequence,
    payload,
    payload_salt,
    payload_commitment: commitmentOf(payload_salt, payload),
  };
}

function commitmentOf(salt: string, payload: string): string {
  return createHash('sha256').update('\u0002').update(Buffer.from(salt, 'hex')).update(payload).digest('hex');
}

/** Section 6 of the format, as docs/record.md tells it. */
function hashOf({
  actor_id,
  occurred_at,
  payload_commitment,
  event_id,
  previous_hash,
  sequence,
  stream,
  event_type,
}: EventRow): string {
  const at = `"at":"${occurred_at}","commit":"${payload_commitment}","id":"${event_id}","prev":"${previous_hash}"`;
  const envelope = `{"actor":"${actor_id}",${at},"seq":${sequence},"stream":"${stream}","type":"${event_type}","v":"plearoll.event/1"}`;
  return createHash('sha256').update('\u0000').update(envelope).digest('hex');
}

function nameOf({ client, n, verb }: Sent): string {
  return `${verb} ${n} of ${client}`;
}
