/**
 * The worker of a relay's benchmark: a worker like any other, that commits each event before it is announced. It notes when
 * it announces, and hands the announcement to the contestant in the contestant's way.
 */

import { startWorker } from '../../jobs/startWorker.ts';
import type { ExportedEvent } from '../../src/core/definitions/event.ts';
import { eventsLine } from '../../src/infra/broadcast/announcements.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { openBackbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { privateNames } from '../../src/modules.ts';
import { openNatsPublisher } from '../peers/nats.ts';
import { createNode } from '../peers/sockets.ts';
import { type Contestant, isPeer } from './contestants.ts';

/** When each event was announced: nanoseconds of the machine's monotonic clock, by stream and sequence. */
export type Stamps = Map<string, Map<number, bigint>>;
export type FeederMessage = { kind: 'ready' } | { kind: 'stamps'; stamps: Stamps };

const contestant = process.argv[2] as Contestant;
let stamps: Stamps = new Map();

const config = readConfig(process.env, 'separate', false);
const backbone = await openBackbone(config, config.DATABASE_URL!, 'worker', privateNames);
const broadcast: Broadcast = { ...backbone.broadcast, publish: publisher() };
const worker = await startWorker({ ...backbone, broadcast });

process.on('message', (order: 'stamps' | 'stop') => {
  if (order === 'stamps') {
    say({ kind: 'stamps', stamps });
    stamps = new Map();
  } else {
    void worker
      .close()
      .then(() => backbone.close())
      .then(() => process.exit());
  }
});
say({ kind: 'ready' });

function publisher(): Broadcast['publish'] {
  if (contestant === 'nats') return publishToNats();
  return isPeer(contestant) ? publishToPeer() : publishToOurs;
}

function publishToOurs(channel: string, message: string): Promise<void> {
  note(channel, message);
  return backbone.broadcast.publish(channel, message);
}

function publishToPeer(): Broadcast['publish'] {
  const io = createNode(contestant as 'adapter', config.REDIS_URL!);
  return async (channel, message) => {
    const events = note(channel, message);
    if (!events) return backbone.broadcast.publish(channel, message);
    const room = channel.slice(channel.indexOf(':') + 1);
    for (const event of events) io.to(room).emit('EVENT', { type: 'EVENT', ...event });
  };
}

function publishToNats(): Broadcast['publish'] {
  const nats = openNatsPublisher(Number(process.env.NATS_PORT));
  return async (channel, message) => {
    const events = note(channel, message);
    if (!events) return backbone.broadcast.publish(channel, message);
    const subject = channel.slice(channel.indexOf(':') + 1);
    for (const event of events) nats.publish(subject, JSON.stringify({ type: 'EVENT', ...event }));
  };
}

/** @returns the events, where the channel is a stream's */
function note(channel: string, message: string): ExportedEvent[] | undefined {
  if (!channel.startsWith('session:')) return undefined;
  const events = JSON.parse(eventsLine(message)) as ExportedEvent[];
  const now = process.hrtime.bigint();
  const noted = stamps.get(channel) ?? new Map<number, bigint>();
  stamps.set(channel, noted);
  for (const { event_sequence } of events) noted.set(event_sequence, now);
  return events;
}

function say(message: FeederMessage): void {
  process.send!(message);
}
