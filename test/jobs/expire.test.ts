/** Who is not there any more is let go of: observers whose ticket ran out, participants of what did not begin. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expireObservers } from '../../jobs/court/expireObservers.ts';
import { expireParticipants } from '../../jobs/court/expireParticipants.ts';
import { createInProcessObservers } from '../../src/infra/presence/inProcessObservers.ts';
import type { ObserverLeases } from '../../src/infra/presence/observers.ts';
import { people } from '../integrity/recordFixture.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const as = (id: string) => ({ id, role: 'participant' }) as const;

/** A relay says that no observation has a socket, and has done so for long enough. */
async function wholeKnowledge(): Promise<ObserverLeases> {
  const observers = createInProcessObservers({ lease_ms: 0, refresh_ms: Number.MAX_SAFE_INTEGER });
  await observers.hold([]);
  return { ...observers, lapses: async (ids) => ({ ...(await observers.lapses(ids)), is_whole: true }) };
}

describe.skipIf(isLeftOut)('expiry', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });

  afterAll(() => bench.close());

  const rows = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const open = async () => bench.court.session(await bench.court.assignment());

  describe('expire.observers', () => {
    const left = async (ids: string[]) =>
      Promise.all(
        ids.map(async (id) => (await rows('select left_at from session_observations where id = $1', id))[0].left_at),
      );

    test('ends what outlived its ticket, once; what was left keeps its time and what is new goes on', async () => {
      await bench.hoursAgo(1);
      const session_id = await open();
      const [lost, gone] = await bench.court.send(
        ['session.observe', { session_id }],
        ['session.observe', { session_id }],
      );
      await bench.court.send(['session.unobserve', { session_id, observation_id: gone! }]);
      await bench.hoursAgo(0);
      const [fresh] = await bench.court.send(['session.observe', { session_id }]);
      const [, before] = await left([lost!, gone!]);

      const tools = { ...bench.tools, observers: await wholeKnowledge() };
      expect(await expireObservers.run(tools)).toEqual({ sent: 1, is_complete: true });
      const after = await left([lost!, gone!, fresh!]);
      expect(after).toEqual([expect.any(Date), before, null]);
      expect(await expireObservers.run(tools)).toEqual({ sent: 0, is_complete: true });
      expect(await left([lost!, gone!, fresh!])).toEqual(after);
    });

    afterEach(() => rows('delete from session_observations where left_at is null'));

    const minutes = (count: number) => count * 60_000;
    /** As if relays had said for an hour and a half whose sockets are open, and how long ago these leases ran out. */
    const lapsing = (lapsed: { [id: string]: number }, known_ms = minutes(90)): ObserverLeases => ({
      hold: async () => {},
      lapses: async (ids) => ({
        ...{ lapsed_ms: ids.map((id) => lapsed[id] ?? null), known_ms },
        is_whole: known_ms > minutes(12),
      }),
      close: async () => {},
    });
    const seen = async (session_id: string) =>
      rows(
        `select extract(epoch from left_at - observed_at)::float / 60 as minutes from session_observations
         where session_id = $1 order by observed_at, id`,
        session_id,
      );

    async function observed(hours: number, count: number): Promise<{ session_id: string; ids: string[] }> {
      await bench.hoursAgo(hours);
      const session_id = await open();
      const ids: string[] = [];
      for (let i = 0; i < count; i += 1) ids.push((await bench.court.send(['session.observe', { session_id }]))[0]!);
      await bench.hoursAgo(0);
      return { session_id, ids };
    }

    test('an observation goes on while a socket of it is open, ends when its lease ran out, and without any as it began', async () => {
      const { session_id, ids } = await observed(1, 3);
      const observers = lapsing({ [ids[0]!]: minutes(-8), [ids[1]!]: minutes(20) });
      expect(await expireObservers.run({ ...bench.tools, observers })).toEqual({ sent: 2, is_complete: true });
      const [open, ended, never] = await seen(session_id);
      expect([open!.minutes, never!.minutes]).toEqual([null, 0]);
      expect(Math.round(ended!.minutes)).toBe(40);
    });

    test('where leases were forgotten nothing ends, and what cannot be known is not said', async () => {
      const { session_id, ids } = await observed(1, 2);
      const fresh = lapsing({ [ids[0]!]: minutes(-9) }, minutes(3));
      expect(await expireObservers.run({ ...bench.tools, observers: fresh })).toEqual({ sent: 0, is_complete: true });
      expect(await seen(session_id)).toEqual([{ minutes: null }, { minutes: null }]);
      const later = lapsing({ [ids[0]!]: minutes(-9) }, minutes(14));
      expect(await expireObservers.run({ ...bench.tools, observers: later })).toEqual({ sent: 1, is_complete: true });
      const [, forgotten] = await seen(session_id);
      expect(Math.round(forgotten!.minutes)).toBe(60);
    });

    test('without a Redis that answers none ends', async () => {
      const { session_id } = await observed(1, 1);
      const away: ObserverLeases = { ...lapsing({}), lapses: () => Promise.reject(new Error('Redis is away')) };
      await expect(expireObservers.run({ ...bench.tools, observers: away })).rejects.toThrow('away');
      expect(await seen(session_id)).toEqual([{ minutes: null }]);
    });

    test('of 10,000 takes as many as its time allows, batch by batch, and all of them in the end', async () => {
      const session_id = await open();
      await rows(
        `insert into session_observations (id, session_id, observed_at)
         select gen_random_uuid(), $1, date_trunc('milliseconds', now() - interval '1 hour') from generate_series(1, 10000)`,
        session_id,
      );
      const sent = new Set<string>();
      const done: number[] = [];
      const counting = {
        observers: await wholeKnowledge(),
        send: async ({ key }: { key: string }) => void sent.add(key),
        progress: async (n: number) => void done.push(n),
      };
      expect(await expireObservers.run({ ...bench.within(3), ...counting })).toEqual({ sent: 300, is_complete: false });
      expect([sent.size, done]).toEqual([300, [100, 200, 300]]);
      expect(await expireObservers.run({ ...bench.tools, ...counting })).toEqual({ sent: 10_000, is_complete: true });
      expect(sent.size).toBe(10_000);
      // A part of them for good: what is applied is due no more.
      const { observers } = counting;
      expect(await expireObservers.run({ ...bench.within(2), observers })).toEqual({ sent: 200, is_complete: false });
      expect(
        await rows('select from session_observations where session_id = $1 and left_at is null', session_id),
      ).toHaveLength(9_800);
      await rows('delete from session_observations where session_id = $1', session_id);
    });
  });

  describe('expire.participants', () => {
    const seats = (session_id: string) =>
      rows('select status, left_at from session_participations where session_id = $1 order by id', session_id);

    test('takes out who waits for a session that does not begin, in one command, and lets them come back', async () => {
      await bench.hoursAgo(13);
      const [waiting, begun] = [await open(), await open()];
      for (const session_id of [waiting, begun]) {
        await bench.court.send(
          ['session.join', { session_id, role: 'petitioner' }, as(people.petitioner)],
          ['session.join', { session_id, role: 'respondent' }, as(people.respondent)],
        );
      }
      await bench.court.send(['session.start', { session_id: begun }]);
      await bench.hoursAgo(0);
      const early = await open();
      await bench.court.send(['session.join', { session_id: early, role: 'petitioner' }, as(people.petitioner)]);

      expect(await expireParticipants.run(bench.tools)).toEqual({ sent: 1, is_complete: true });
      const [one, other] = await seats(waiting);
      expect([one.status, other.status]).toEqual(['disconnected', 'disconnected']);
      expect(one.left_at).toEqual(other.left_at);
      expect([...(await seats(begun)), ...(await seats(early))].map(({ status }) => status)).toEqual(
        Array(3).fill('connected'),
      );
      const events = await rows(
        `select event_type, actor_id from events where stream = $1 order by sequence offset 3`,
        `session:${waiting}`,
      );
      expect(events).toEqual(Array(2).fill({ event_type: 'PARTICIPANT_LOST', actor_id: 'system' }));

      expect(await expireParticipants.run(bench.tools)).toEqual({ sent: 0, is_complete: true });
      await bench.court.send(['session.join', { session_id: waiting, role: 'petitioner' }, as(people.petitioner)]);
      expect((await seats(waiting)).map(({ status }) => status).sort()).toEqual(['connected', 'disconnected']);
    });
  });

  test('leaves a record that verifies', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true, sessions_checked: 8 });
  });
});
