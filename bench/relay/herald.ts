/**
 * Announces what the feeder has committed, in the contestant's way, and notes when. What is committed together leaves one by
 * one, evenly: the last of a batch would wait at the relay for the others, which says nothing of a relay. It is a thread of
 * its own, because the feeder's is busy with transactions, and late by as much as they take.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Redis } from 'ioredis';
import type { ExportedEvent } from '../../src/core/definitions/event.ts';
import { eventsLine } from '../../src/infra/broadcast/announcements.ts';
import { openNatsPublisher } from '../peers/nats.ts';
import { createNode } from '../peers/sockets.ts';
import { type Contestant, isPeer } from './contestants.ts';

/** When each event was announced: nanoseconds of the machine's monotonic clock, by stream and sequence. */
export type Stamps = Map<string, Map<number, bigint>>;
export type HeraldOrder =
  | { order: 'pace'; apart_ms: number }
  | { order: 'announce'; channel: string; message: string }
  | { order: 'stamps' };

export interface HeraldPlan {
  contestant: Contestant;
  redisUrl: string;
  /** Of our channels. */
  prefix: string;
}

type Publish = (channel: string, message: string, events: readonly ExportedEvent[]) => void;

/** What a timer is late is made good; beyond that the machine is. */
const MOST_LATE_MS = 20;
/** The first of a batch waits for so long, so that there is always one to announce, however long a commit takes. */
const CUSHION_MS = 15;

const { contestant, redisUrl, prefix } = workerData as HeraldPlan;
const publish = publisher();
const waiting: { channel: string; message: string }[] = [];
let stamps: Stamps = new Map();
let apart_ms = 0;
let due = 0;
let timer: NodeJS.Timeout | undefined;

parentPort!.on('message', (message: HeraldOrder) => {
  if (message.order === 'pace') apart_ms = message.apart_ms;
  if (message.order === 'announce') {
    if (waiting.length === 0 && due < performance.now()) due = performance.now() + CUSHION_MS;
    waiting.push(message);
    if (!timer) release();
  }
  if (message.order === 'stamps') {
    parentPort!.postMessage(stamps);
    stamps = new Map();
  }
});

function release(): void {
  timer = undefined;
  const now = performance.now();
  due = Math.max(due, now - MOST_LATE_MS);
  while (waiting.length > 0 && due <= now) {
    const { channel, message } = waiting.shift()!;
    const events = JSON.parse(eventsLine(message)) as ExportedEvent[];
    note(channel, events);
    publish(channel, message, events);
    due += apart_ms;
  }
  if (waiting.length > 0) timer = setTimeout(release, due - now);
}

function note(channel: string, events: readonly ExportedEvent[]): void {
  const now = process.hrtime.bigint();
  const noted = stamps.get(channel) ?? new Map<number, bigint>();
  stamps.set(channel, noted);
  for (const { event_sequence } of events) noted.set(event_sequence, now);
}

function publisher(): Publish {
  if (contestant === 'nats') {
    const nats = openNatsPublisher(Number(process.env.NATS_PORT));
    return (channel, _, events) => {
      for (const event of events) nats.publish(idOf(channel), JSON.stringify({ type: 'EVENT', ...event }));
    };
  }
  if (isPeer(contestant)) {
    const io = createNode(contestant as 'adapter', redisUrl);
    return (channel, _, events) => {
      for (const event of events) io.to(idOf(channel)).emit('EVENT', { type: 'EVENT', ...event });
    };
  }
  const redis = new Redis(redisUrl);
  return (channel, message) => void redis.publish(`${prefix}${channel}`, message);
}

function idOf(channel: string): string {
  return channel.slice(channel.indexOf(':') + 1);
}
