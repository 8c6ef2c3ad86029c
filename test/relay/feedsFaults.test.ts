/** What becomes of boards when a relay stops, and when Redis is away, or has forgotten all. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openLimiter } from '../../src/infra/limiter/openLimiter.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { closeServer, listen as listenOn } from '../../src/infra/process/httpServer.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens } from '../../src/infra/tokens.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { type Cast, cast, type Json } from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { createMatches, type Matches, type TestMatch } from '../support/matches.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

const namespace = '/feeds';
const SOON = { timeout: 20_000, interval: 50 };

let redis: TestRedis | undefined;
let stack: Stack;
let people: Cast;
let matches: Matches;

beforeAll(async () => {
  if (isLeftOut) return;
  if (kind === 'distributed') redis = await startRedis();
  stack = await startStack({}, redis?.url ?? inject('redisUrl'));
  people = cast();
  matches = createMatches(stack.pool, stack.backbones[0]!.fanout);
});
afterAll(async () => {
  await stack?.stop();
  await redis?.stop();
});

const make = () => matches.make({ institution_id: people.institution_id });
const isOf = (type: string, match: TestMatch) => (one: Json) => one.type === type && one.match_id === match.id;

async function follow(listener: Listener, match: TestMatch, tiers = [0]): Promise<void> {
  listener.send({ type: 'subscribe', match_id: match.id, tiers });
  for (const tier of tiers) await listener.until((one) => isOf('snapshot', match)(one) && one.tier === tier);
}

/** A relay more, on a server of its own; what it logs is kept. */
async function openRelay() {
  const backbone = stack.backbones.at(-1)!;
  const logged: Json[] = [];
  const write = (line: Buffer, _: unknown, done: () => void) => {
    logged.push(JSON.parse(String(line)));
    done();
  };
  const log = pino({ level: 'info' }, new Writable({ write })) as never;
  const pool = openPool(stack.database.url, 'relay', 4, () => {});
  const limiter = await openLimiter(backbone);
  const { rows } = await stack.pool.query('select secret from ticket_secrets');
  const keys = { secret: SECRET, publicKey: undefined, issuer: undefined, audience: undefined };
  const tokens = createTokens({ ...keys, ticketKeys: ticketKeysOf(rows[0].secret), revocations: NO_REVOCATIONS });
  const relay = createRelay({ ...backbone, boot: randomUUID(), log, pool, tokens, limiter });
  const server = createServer((_req, res) => void res.writeHead(404).end());
  relay.attach(server);
  const port = await listenOn(server, '127.0.0.1', 0, 0);
  const stop = async () => {
    await relay.close();
    limiter.close();
    await closeServer(server);
    await pool.end();
  };
  return { url: `http://127.0.0.1:${port}`, stop, logged };
}

test.skipIf(isLeftOut)(
  'a relay that stops sends boards away to come back with a ticket, counts them before it closes, and is in no demand any more (P1-6)',
  async () => {
    const match = await make();
    const relay = await openRelay();
    const options = { token: people.student.token, namespace } as const;
    const listeners = [await listenOnWebSocket(relay.url, options), await listenOnSocketIo(relay.url, options)];
    for (const listener of listeners) await follow(listener, match);
    const { demand } = stack.backbones.at(-1)!;
    await expect.poll(() => demand.demandOf([match.id]), SOON).toEqual([2]);
    await relay.stop();
    expect(await Promise.all(listeners.map(({ closed }) => closed))).toEqual([4503, 'transport close']);
    expect(relay.logged.find(({ msg }) => msg === 'relay drained')).toMatchObject({ total_connections_closed: 2 });
    expect(await demand.demandOf([match.id])).toEqual([0]);
    for (const { messages } of listeners) {
      const farewell = messages.at(-1)!;
      expect(farewell).toMatchObject({ type: 'state', state: 'draining', subscriptions: [{ match_id: match.id }] });
      expect(farewell.reconnect_in_ms).toBeGreaterThan(0);
      const back = await listenOnWebSocket(stack.relayUrl, { ...options, resume_ticket: farewell.resume_ticket });
      await follow(back, match);
      back.close();
    }
  },
);

describe.skipIf(isLeftOut || kind === 'embedded')('boards without Redis', () => {
  test('are told what changes all the same, find all that there was where it forgot it, and hear of it at once when it is back', async () => {
    const [match, other] = await Promise.all([make(), make()]);
    const listener = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, namespace });
    await follow(listener, match, [0, 1]);
    await matches.change(match, 1, {}, { events: 3 });
    await listener.until(({ type, tier }) => type === 'delta' && tier === 1);
    await redis!.kill();
    await matches.change(match, 0, { phase: 'break' });
    const polled = await listener.until(
      ({ type, tier, version }) => type === 'snapshot' && tier === 0 && version === 3,
    );
    expect(polled.state).toMatchObject({ phase: 'break' });
    await follow(listener, other);
    await redis!.restart();
    const late = await listenOnWebSocket(stack.relays.at(-1)!, { token: people.student.token, namespace });
    await follow(late, match, [0, 1]);
    const { events } = await late.until(({ type }) => type === 'events_batch');
    expect(events.map(({ seq }: Json) => seq)).toEqual([1, 2, 3]);
    let minutes = 0;
    const isDelta = ({ type, tier, version }: Json) => type === 'delta' && tier === 0 && version > 3;
    await expect
      .poll(
        async () => {
          minutes += 1;
          await matches.change(match, 0, { behind_minutes: minutes });
          return [listener, late].every(({ messages }) => messages.some(isDelta));
        },
        { timeout: 25_000, interval: 250 },
      )
      .toBe(true);
    for (const one of [listener, late]) one.close();
  });
});
