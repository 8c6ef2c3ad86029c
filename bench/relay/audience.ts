/**
 * The listeners of a relay's benchmark, in a process of their own: they open their connections, say when all are up to date,
 * and count what comes. Each sees that every event is the next one; one in ten notes when it came.
 */
import type { Docket } from '../grounds.ts';
import { listenToNats } from './natsClient.ts';
import { openWire, type Wire } from './wire.ts';

export interface AudiencePlan {
  wire: 'websocket' | 'socketio' | 'nats';
  /** Where the namespace asks for a token, and the position; a peer asks for nothing. */
  isPeer: boolean;
  port: number;
  dockets: Docket[];
  listeners: number;
  /** From 0: every event is asked for. None: from now on. */
  last_sequence?: number;
  /** Peers send so many events to who comes. */
  replay?: number;
  /** Connections under way at a time. */
  at_once: number;
  /** They come back by themselves, within so many milliseconds. */
  reconnect_within_ms?: number;
}

export type AudienceOrder =
  | { order: 'join'; plan: AudiencePlan }
  /** Forget what was counted. */
  | { order: 'reset' }
  | { order: 'count' }
  /** So many of them, those that came last, read nothing any more. */
  | { order: 'stall'; listeners: number };

export interface Count {
  delivered: number;
  bytes: number;
  /** Events that were not the next. */
  out_of_order: number;
  /** When events came to one in ten: nanoseconds of the machine's monotonic clock. */
  samples: { docket: number; sequence: number; at: bigint }[];
  closed: number;
}

export type AudienceMessage =
  | { kind: 'joined'; elapsed_ms: number }
  | { kind: 'back'; elapsed_ms: number }
  | ({ kind: 'count' } & Count);

interface Member {
  wire: Wire | undefined;
  docket: number;
  sequence: number;
  isSynced: boolean;
}

const SAMPLED = 10;
const EVENT = { websocket: Buffer.from('{"type":"EVENT"'), socketio: Buffer.from('["EVENT"') };
const SYNCED = { websocket: Buffer.from('{"type":"SYNCED"'), socketio: Buffer.from('["SYNCED"') };
const SEQUENCE = Buffer.from('"event_sequence":');

const members: Member[] = [];
let count = newCount();

process.on('message', (message: AudienceOrder) => {
  if (message.order === 'join') void join(message.plan);
  if (message.order === 'reset') count = newCount();
  if (message.order === 'count') {
    say({ kind: 'count', ...count });
    count = newCount();
  }
  if (message.order === 'stall') for (const { wire } of members.slice(-message.listeners)) wire!.socket.pause();
});

async function join(plan: AudiencePlan): Promise<void> {
  const began = performance.now();
  let next = 0;
  const first = members.length;
  const worker = async () => {
    while (next < plan.listeners) {
      const n = next;
      next += 1;
      const member: Member = { wire: undefined, docket: n % plan.dockets.length, sequence: 0, isSynced: false };
      members.push(member);
      await connect(plan, member, first + n);
    }
  };
  await Promise.all(Array.from({ length: plan.at_once }, worker));
  say({ kind: 'joined', elapsed_ms: performance.now() - began });
}

/** Resolves when the listener is up to date. */
function connect(plan: AudiencePlan, member: Member, n: number): Promise<void> {
  const { wire: kind, isPeer, port, dockets } = plan;
  const { session_id, token } = dockets[member.docket]!;
  const isSampled = n % SAMPLED === 0;
  let left = plan.replay ?? 0;
  return new Promise((resolve) => {
    const synced = () => {
      if (member.isSynced) return;
      member.isSynced = true;
      resolve();
    };

    const say = (text: string) => member.wire!.say(text);
    const nats = listenToNats({ subject: session_id, say, onReady: synced, onMessage: onEvent });

    function onText(chunk: Buffer, start: number, end: number): void {
      if (kind === 'nats') return void nats(chunk.subarray(start, end));
      if (kind === 'socketio' && onEngine(chunk, start, end)) return;
      const at = kind === 'socketio' ? chunk.indexOf(0x5b, start) : start;
      if (begins(chunk, at, EVENT[kind])) onEvent(chunk, at, end);
      else if (begins(chunk, at, SYNCED[kind])) synced();
    }

    function onEvent(chunk: Buffer, at: number, end: number): void {
      count.delivered += 1;
      count.bytes += end - at;
      if (left > 0) {
        left -= 1;
        if (left === 0) synced();
      }
      if (plan.replay !== undefined) return;
      const digits = chunk.indexOf(SEQUENCE, at) + SEQUENCE.length;
      const sequence = Number.parseInt(chunk.toString('latin1', digits, digits + 12), 10);
      if (member.sequence > 0 && sequence !== member.sequence + 1) count.out_of_order += 1;
      member.sequence = sequence;
      if (isSampled) count.samples.push({ docket: member.docket, sequence, at: process.hrtime.bigint() });
    }

    /** @returns true for what is no message */
    function onEngine(chunk: Buffer, start: number, end: number): boolean {
      const [type, packet] = [chunk[start], chunk[start + 1]];
      if (type === 0x30) member.wire!.say(connectPacket());
      else if (type === 0x32) member.wire!.say('3');
      else if (type === 0x34 && packet === 0x34) onRefusal(plan, member, chunk.toString('utf8', start, end));
      else if (type === 0x34 && packet === 0x30) {
        if (isPeer && left === 0) synced();
      } else return false;
      return true;
    }

    function connectPacket(): string {
      if (isPeer) return `40${JSON.stringify({ session_id, replay: plan.replay })}`;
      return `40/live,${JSON.stringify({ token, session_id, last_sequence: positionOf(member) })}`;
    }

    function positionOf({ sequence }: Member): number | undefined {
      return sequence > 0 ? sequence : plan.last_sequence;
    }

    const position = positionOf(member);
    const query = `token=${token}${position === undefined ? '' : `&last_sequence=${position}`}`;
    member.wire = openWire({
      port,
      path: {
        socketio: '/socket.io/?EIO=4&transport=websocket',
        websocket: `/live/ws/${session_id}?${query}`,
        nats: '/',
      }[kind],
      localAddress: `127.0.${1 + ((n >> 8) % 250)}.${n % 250}`,
      onOpen: () => {},
      onText,
      onClose: () => {
        count.closed += 1;
        resolve();
        if (plan.reconnect_within_ms !== undefined) comeBack(plan, member, n, plan.reconnect_within_ms);
      },
    });
  });
}

/** Of a crowd some are told to come again later. @throws any other refusal */
function onRefusal(plan: AudiencePlan, { wire }: Member, refusal: string): void {
  const isLater = plan.reconnect_within_ms !== undefined && refusal.includes('"status":503');
  if (!isLater) throw new Error(refusal);
  wire!.socket.destroy();
}

let away = 0;
let awaySince = 0;

function comeBack(plan: AudiencePlan, member: Member, n: number, within_ms: number): void {
  if (away === 0) awaySince = performance.now();
  if (member.isSynced) away += 1;
  member.isSynced = false;
  setTimeout(async () => {
    await connect(plan, member, n);
    if (!member.isSynced) return;
    away -= 1;
    if (away === 0) say({ kind: 'back', elapsed_ms: performance.now() - awaySince });
  }, Math.random() * within_ms);
}

function begins(chunk: Buffer, at: number, what: Buffer): boolean {
  return chunk.compare(what, 0, what.length, at, at + what.length) === 0;
}

function newCount(): Count {
  return { delivered: 0, bytes: 0, out_of_order: 0, samples: [], closed: 0 };
}

function say(message: AudienceMessage): void {
  process.send!(message);
}
