/**
 * Listeners that stop reading under load, and read on: one relay for each thing that may become of them. Each ends with
 * the whole of its session's record, which its client fetches and verifies where something was left out.
 */
import { connect } from '../src/client/node.ts';
import type { Config } from '../src/infra/process/config.ts';
import { person } from '../test/support/client.ts';
import { killAll, startProcess, until } from '../test/support/processes.ts';
import { SECRET } from '../test/support/secret.ts';
import type { Blow, Fault } from './blow.ts';
import type { Dice } from './dice.ts';
import { judgeSlow } from './judgeSlow.ts';
import type { Heard } from './listeners.ts';
import { createStalling } from './sockets.ts';
import type { Stage } from './stage.ts';
import { readStored } from './stored.ts';

type Policy = Config['WS_OVERFLOW_ACTION'];

const SLOW_LISTENERS = 2;
const MAX_QUEUE = 20;
/** More than the kernel holds of a connection, on both sides. */
const LARGE = { entries: 260, characters: 60_000, at_once: 20 };
/** Its client would end a connection on which nothing is answered. */
const PATIENT = { ping_ms: 3_600_000, timeout_ms: 10_000, first_wait_ms: 50, longest_wait_ms: 500 };

function slow(policy: Policy, what: string): Fault {
  const strike = (stage: Stage, dice: Dice) => stopReading(policy, stage, dice);
  return { id: `slow-${policy}`, what: `${SLOW_LISTENERS} listeners stop reading, and read on: ${what}`, strike };
}

async function stopReading(policy: Policy, stage: Stage, dice: Dice): Promise<Blow> {
  const { arena, fleet, sessions, listeners } = stage;
  const session = dice.oneOf(sessions);
  const relay = await startProcess('relay', 'src/processes/relay.js', [], {
    ...{ DATABASE_URL: arena.url, REDIS_URL: arena.redis.url, JWT_SECRET: SECRET },
    ...{ RELAY_PORT: '0', METRICS_PORT: '0', WS_OVERFLOW_ACTION: policy, WS_MAX_QUEUE: `${MAX_QUEUE}` },
    ...{ WS_MAX_CONNECTIONS_PER_USER: '0', WS_MAX_CONNECTIONS_PER_IP: '0' },
  });
  const stalling = Array.from({ length: SLOW_LISTENERS }, createStalling);
  const { token } = person('super_admin');
  const heard: Heard[] = stalling.map((_, n) => {
    const listener = `${policy} ${n + 1}, slow`;
    return { listener, session_id: session, events: [], connections: 1 };
  });
  const clients = stalling.map(({ Socket }, n) => {
    const api = () => fleet.urls('api')[n % 2]!;
    const client = connect({ url: relay.url, api, session, token, from: 0, WebSocket: Socket, timing: PATIENT });
    const own = heard[n]!;
    client.on('event', (event) => own.events.push(event));
    for (const end of ['broken', 'error'] as const)
      client.on(end, ({ message }) => Object.assign(own, { broken: message }));
    return client;
  });
  await until('the slow ones are level', () => clients.every(({ state }) => state === 'live'));
  for (const { stall } of stalling) stall();
  const stalled_at = performance.now();
  let unread_ms = 0;
  await writeLarge(stage, session);
  return {
    struck_ms: performance.now(),
    async mend() {
      // From here on they are waited for and judged as all others are, too.
      listeners.heard.push(...heard);
      unread_ms = performance.now() - stalled_at;
      for (const { readOn } of stalling) readOn();
    },
    async look() {
      const { events } = await readStored(arena.pool, [`session:${session}`]);
      for (const client of clients) client.close();
      await killAll([relay]);
      return stalling.flatMap(({ tapes }) => judgeSlow(policy, events, tapes, unread_ms));
    },
  };
}

/** As one clerk would, some at a time. */
async function writeLarge({ sender, people }: Stage, session_id: string): Promise<void> {
  const text = 'x'.repeat(LARGE.characters);
  let n = 0;
  const write = async (client: string) => {
    for (let own = 0; n < LARGE.entries; own += 1) {
      n += 1;
      const body = { event_type: 'NOTE', details: { text } };
      await sender.deliver({
        client,
        n: own,
        session_id,
        verb: 'log',
        body,
        who: people.admin,
        prefer: 'wait=10',
      });
    }
  };
  await Promise.all(Array.from({ length: LARGE.at_once }, (_, clerk) => write(`large ${clerk}`)));
}

export const SLOWNESS: Fault[] = [
  slow('drop_oldest', 'they are told what is left out'),
  slow('disconnect', 'they are sent away, and come back'),
  slow('catch_up', 'they read on at their own pace'),
];
