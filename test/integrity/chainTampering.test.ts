/** Every way to tamper with a chain, in all of the suite at every position of it: each is found, where it is and as what it is. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { payloadCommitment } from '../../src/core/chain/chain.ts';
import { type EventRow, hashOf } from '../../src/core/chain/ledger.ts';
import { isEverything } from '../support/everything.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { people } from './recordFixture.ts';
import { append, moveHead, rechain, store } from './tamper.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LAST = 12;
const POSITIONS = Array.from({ length: LAST }, (_, i) => i + 1);
const CUSTOM = [5, 10];
/** In a short run one between, and the last. */
const TRIED = isEverything ? POSITIONS : [5, LAST];
const BUT_LAST = TRIED.slice(0, -1);
const ZEROS = '0'.repeat(64);
const ONES = '1'.repeat(64);

let fixture: Fixture;
const { at, query, tampered } = {
  at: (n: number) => fixture.at(n),
  query: (text: string, ...values: unknown[]) => fixture.query(text, ...values),
  tampered: (change: () => Promise<unknown>) => fixture.tampered(change),
};
let { tamperer, session_id, stream, assignmentStream, openStream } = {} as Fixture;

beforeAll(async () => {
  fixture = await openFixture();
  ({ tamperer, session_id, stream, assignmentStream, openStream } = fixture);
  await tamperer.disarm();
});
afterAll(() => fixture?.close());

/** Changes one column of event `n`. */
const edit = (n: number, assignment: string, ...values: unknown[]) =>
  tampered(() => query(`update events set ${assignment} where stream = $1 and sequence = $2`, stream, n, ...values));

const editPayload = (n: number, assignment: string, ...values: unknown[]) =>
  tampered(() =>
    query(`update event_payloads set ${assignment} where stream = $1 and sequence = $2`, stream, n, ...values),
  );

function hashMismatch(n: number, changes: Partial<EventRow>): string {
  return `Hash mismatch at sequence ${n}: stored=${at(n).event_hash}, computed=${hashOf({ ...at(n), ...changes })}`;
}

/** What follows from an event that no longer says what it said, beside the fault itself. */
const CONSEQUENCE = /^(Projection mismatch in |State digest mismatch at sequence 12: |Payload unreadable at sequence )/;

function expectConsequences(issues: string[]) {
  for (const issue of issues) expect(issue).toMatch(CONSEQUENCE);
}

describe('an edited column is found at every position', () => {
  it.each(TRIED)('actor of event %i', async (n) => {
    const report = await edit(n, `actor_id = 'system'`);
    expect(report.issues).toEqual([hashMismatch(n, { actor_id: 'system' })]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED)('id of event %i', async (n) => {
    const event_id = randomUUID();
    const report = await edit(n, 'event_id = $3', event_id);
    expect(report.issues).toEqual([hashMismatch(n, { event_id })]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED)('type of event %i', async (n) => {
    const report = await edit(n, `event_type = 'FORGED'`);
    expect(report.issues[0]).toBe(hashMismatch(n, { event_type: 'FORGED' }));
    expectConsequences(report.issues.slice(1));
    if (CUSTOM.includes(n)) expect(report.issues).toHaveLength(1);
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('time of event %i, earlier', async (n) => {
    const occurred_at = '2026-01-02T03:04:05.678Z';
    const report = await edit(n, 'occurred_at = $3', occurred_at);
    const [first, second, ...rest] = report.issues;
    expect(first).toBe(hashMismatch(n, { occurred_at }));
    if (n > 1) expect(second).toBe(`Time runs backwards at sequence ${n}`);
    const others = n > 1 ? rest : report.issues.slice(1);
    if (n === LAST) expect(others.shift()).toMatch(/^Head mismatch: the head says 12 /);
    expectConsequences(others);
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('time of event %i, later', async (n) => {
    const occurred_at = '2099-01-02T03:04:05.678Z';
    const report = await edit(n, 'occurred_at = $3', occurred_at);
    expect(report.issues[0]).toBe(hashMismatch(n, { occurred_at }));
    if (n < LAST) expect(report.issues[1]).toBe(`Time runs backwards at sequence ${n + 1}`);
    if (n < LAST) expect(report.invalid_sequences.slice(0, 2)).toEqual([n, n + 1]);
  });

  it.each(TRIED)('time of event %i, by a millisecond', async (n) => {
    const occurred_at = new Date(Date.parse(at(n).occurred_at) + 1).toISOString();
    const report = await edit(n, 'occurred_at = $3', occurred_at);
    expect(report.issues[0]).toBe(hashMismatch(n, { occurred_at }));
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('payload commitment of event %i', async (n) => {
    const report = await edit(n, `payload_commitment = decode($3, 'hex')`, ONES);
    expect(report.issues.slice(0, 2)).toEqual([
      hashMismatch(n, { payload_commitment: ONES }),
      `Hash mismatch at sequence ${n}: stored=${ONES}, computed=${at(n).payload_commitment}`,
    ]);
    expectConsequences(report.issues.slice(2));
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('previous hash of event %i', async (n) => {
    const report = await edit(n, `previous_hash = decode($3, 'hex')`, ONES);
    expect(report.issues).toEqual([
      hashMismatch(n, { previous_hash: ONES }),
      `Broken link at sequence ${n}: previous_hash=${ONES}, expected=${at(n).previous_hash}`,
    ]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED)('hash of event %i', async (n) => {
    const report = await edit(n, `event_hash = decode($3, 'hex')`, ONES);
    const [first, second, ...rest] = report.issues;
    expect(first).toBe(`Hash mismatch at sequence ${n}: stored=${ONES}, computed=${at(n).event_hash}`);
    if (n < LAST) {
      expect(second).toBe(`Broken link at sequence ${n + 1}: previous_hash=${at(n).event_hash}, expected=${ONES}`);
      expect([report.invalid_sequences, rest]).toEqual([[n, n + 1], []]);
    } else {
      const { event_hash, occurred_at } = at(LAST);
      expect(second).toBe(
        `Head mismatch: the head says 12 ${event_hash} of ${occurred_at}, the last event is 12 ${ONES} of ${occurred_at}`,
      );
      expect(rest).toEqual([
        `Projection mismatch in courtroom_sessions ${session_id}: integrity_hash is "${event_hash}", the chain says "${ONES}"`,
      ]);
      expect(report.invalid_sequences).toEqual([LAST]);
    }
  });

  it.each(TRIED)('every column of event %i, by one bit of its hash', async (n) => {
    const report = await edit(n, 'event_hash = set_bit(event_hash, 255, 1 - get_bit(event_hash, 255))');
    expect(report.issues[0]).toMatch(`, computed=${at(n).event_hash}`);
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('sequence of event %i', async (n) => {
    const report = await edit(n, 'sequence = 100');
    expect(report.issues).toContain(`Sequence gap: expected ${n === LAST ? LAST : LAST + 1}, got 100`);
    expect(report.issues).toContain('Payload missing at sequence 100');
    expect(report.issues).toContain(`Payload without an event at sequence ${n}`);
    const expected = n === LAST ? [n, 100] : [n, n + 1, 100];
    expect(report.invalid_sequences.filter((sequence) => sequence !== LAST || n >= LAST - 1)).toEqual(expected);
  });

  it('of an assignment, whose chain has one event', async () => {
    const [row] = await tamperer.chain(assignmentStream);
    const { stream: report, record } = await tamperer.reports(assignmentStream, () =>
      query(`update events set actor_id = 'system' where stream = $1`, assignmentStream),
    );
    const issue = `Hash mismatch at sequence 1: stored=${row!.event_hash}, computed=${hashOf({ ...row!, actor_id: 'system' })}`;
    expect([report.issues, report.invalid_sequences]).toEqual([[issue], [1]]);
    expect(record.invalid_streams).toEqual([{ stream: assignmentStream, issues: [issue] }]);
    expect([record.invalid_sessions, record.tamper_detected]).toEqual([[], true]);
  });

  it('though the column now holds what no column can hold', async () => {
    const report = await tampered(async () => {
      await query('alter table events alter actor_id drop not null, alter payload_commitment drop not null');
      await query(`update events set actor_id = null where stream = $1 and sequence = 2`, stream);
      await query(`update events set payload_commitment = null where stream = $1 and sequence = 3`, stream);
      await query(`update events set occurred_at = 'infinity' where stream = $1 and sequence = 12`, stream);
      await query(
        `update courtroom_sessions set started_at = '-infinity', ended_at = 'infinity' where id = $1`,
        session_id,
      );
    });
    expect(report.invalid_sequences).toEqual([2, 3, 12]);
    expect(report.issues[0]).toBe(hashMismatch(2, { actor_id: '' }));
    expect(report.issues).toContainEqual(expect.stringMatching(/started_at is "-infinity", the chain says "20/));
  });
});

describe('a tampered payload is found at every position', () => {
  it.each(TRIED)('text of payload %i', async (n) => {
    const payload = at(n).payload!.replace('{', '{ ');
    const report = await editPayload(n, 'payload = $3', payload);
    const computed = payloadCommitment(Buffer.from(at(n).payload_salt!, 'hex'), payload);
    const stored = at(n).payload_commitment;
    expect(report.issues).toEqual([`Hash mismatch at sequence ${n}: stored=${stored}, computed=${computed}`]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED)('payload %i says something else, with a salt to match', async (n) => {
    const report = await editPayload(n, `payload = $3, salt = decode($4, 'hex')`, '{"forged":true}', ONES);
    const computed = payloadCommitment(Buffer.from(ONES, 'hex'), '{"forged":true}');
    expect(report.issues[0]).toBe(
      `Hash mismatch at sequence ${n}: stored=${at(n).payload_commitment}, computed=${computed}`,
    );
    expectConsequences(report.issues.slice(1).filter((issue) => !/^Event count mismatch at sequence 12: /.test(issue)));
    expect(report.invalid_sequences[0]).toBe(n);
  });

  it.each(TRIED)('salt of payload %i', async (n) => {
    const report = await editPayload(n, `salt = decode($3, 'hex')`, ONES);
    const computed = payloadCommitment(Buffer.from(ONES, 'hex'), at(n).payload!);
    const stored = at(n).payload_commitment;
    expect(report.issues).toEqual([`Hash mismatch at sequence ${n}: stored=${stored}, computed=${computed}`]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED)('payload %i deleted', async (n) => {
    const report = await tampered(() =>
      query('delete from event_payloads where stream = $1 and sequence = $2', stream, n),
    );
    expect(report.issues).toEqual([`Payload missing at sequence ${n}`]);
    expect(report.invalid_sequences).toEqual([n]);
  });

  it.each(TRIED.filter((n) => !CUSTOM.includes(n)))(
    'payload %i no longer JSON, all hashes made to agree',
    async (n) => {
      const report = await tampered(async () => {
        await query(`update event_payloads set payload = '{"a":' where stream = $1 and sequence = $2`, stream, n);
        await moveHead(tamperer.db, await rechain(tamperer.db, stream, n));
      });
      expect(report.issues).toEqual([`Payload unreadable at sequence ${n}`]);
      expect(report.invalid_sequences).toEqual([n]);
    },
  );

  it('payloads of two events exchanged', async () => {
    const report = await tampered(async () => {
      await query('update event_payloads set sequence = 99 where stream = $1 and sequence = 5', stream);
      await query('update event_payloads set sequence = 5 where stream = $1 and sequence = 10', stream);
      await query('update event_payloads set sequence = 10 where stream = $1 and sequence = 99', stream);
    });
    expect(report.issues.map((issue) => issue.slice(0, 30))).toEqual([
      'Hash mismatch at sequence 5: s',
      'Hash mismatch at sequence 10: ',
    ]);
    expect(report.invalid_sequences).toEqual([5, 10]);
  });

  it('payload without an event', async () => {
    const report = await tampered(() =>
      query(`insert into event_payloads values ($1, 13, decode($2, 'hex'), '{}')`, stream, ONES),
    );
    expect(report.issues).toEqual(['Payload without an event at sequence 13']);
    expect(report.invalid_sequences).toEqual([13]);
  });
});

describe('an event taken out, put in or moved is found at every position', () => {
  const remove = async (where: string, ...values: unknown[]) => {
    await query(`delete from event_payloads where stream = $1 and ${where}`, stream, ...values);
    await query(`delete from events where stream = $1 and ${where}`, stream, ...values);
  };

  it.each(BUT_LAST)('event %i deleted', async (n) => {
    const report = await tampered(() => remove('sequence = $2', n));
    const expected = n === 1 ? ZEROS : at(n - 1).event_hash;
    expect(report.issues.slice(0, 2)).toEqual([
      `Sequence gap: expected ${n}, got ${n + 1}`,
      `Broken link at sequence ${n + 1}: previous_hash=${at(n).event_hash}, expected=${expected}`,
    ]);
    expectConsequences(report.issues.slice(2));
    expect(report.invalid_sequences[0]).toBe(n + 1);
    if (CUSTOM.includes(n)) expect(report.issues).toHaveLength(2);
  });

  it.each(BUT_LAST)('event %i deleted, the rest renumbered', async (n) => {
    const report = await tampered(async () => {
      await remove('sequence = $2', n);
      for (let s = n + 1; s <= LAST; s++) {
        for (const table of ['events', 'event_payloads']) {
          await query(`update ${table} set sequence = $2 - 1 where stream = $1 and sequence = $2`, stream, s);
        }
      }
    });
    expect(report.issues[0]).toBe(hashMismatchOf(n + 1, n));
    const renumbered = POSITIONS.filter((s) => s >= n && s < LAST);
    expect(report.invalid_sequences).toEqual([...renumbered, LAST]);
    expect(report.issues).toContain(`Event count mismatch at sequence 11: stored=12, computed=11`);
  });

  /** The finding at `to` about what was event `from`. */
  function hashMismatchOf(from: number, to: number, changes: Partial<EventRow> = {}): string {
    const computed = hashOf({ ...at(from), sequence: to, ...changes });
    return `Hash mismatch at sequence ${to}: stored=${at(from).event_hash}, computed=${computed}`;
  }

  it.each([0, ...BUT_LAST])('tail cut after event %i', async (n) => {
    const report = await tampered(() => remove('sequence > $2', n));
    const { event_hash, occurred_at } = at(LAST);
    const end = n === 0 ? 'there is no event' : `the last event is ${n} ${at(n).event_hash} of ${at(n).occurred_at}`;
    expect(report.issues[0]).toBe(`Head mismatch: the head says 12 ${event_hash} of ${occurred_at}, ${end}`);
    expectConsequences(report.issues.slice(1));
    expect(report.invalid_sequences).toEqual([n + 1]);
    expect(report.events_checked).toBe(n);
  });

  it.each(BUT_LAST)('tail cut after event %i, the head moved back', async (n) => {
    const report = await tampered(async () => {
      await remove('sequence > $2', n);
      await moveHead(tamperer.db, at(n));
    });
    const status = { 6: 'paused' }[n] ?? (n < 4 ? 'pending' : 'active');
    expect(report.issues).toContain(
      `Projection mismatch in courtroom_sessions ${session_id}: status is "completed", the chain says "${status}"`,
    );
    expectConsequences(report.issues);
    expect(report.invalid_sequences).toEqual([]);
  });

  it('the whole stream gone, head and all', async () => {
    const report = await tampered(async () => {
      await remove('true');
      await query('delete from streams where stream = $1', stream);
    });
    expect(report.issues[0]).toBe('Stream missing: no event is recorded, yet it has rows');
    expect(report.issues).toContain(
      `Projection mismatch in courtroom_sessions ${session_id}: the chain knows no such row`,
    );
    // Its session, its three participants, its five turns.
    expect(report.issues).toHaveLength(10);
  });

  it('the head row gone', async () => {
    const report = await tampered(() => query('delete from streams where stream = $1', stream));
    const { event_hash, occurred_at } = at(LAST);
    expect(report.issues).toEqual([`Head missing: the last event is 12 ${event_hash} of ${occurred_at}`]);
    expect(report.events_checked).toBe(12);
  });

  it.each([
    'sequence = 11',
    'sequence = 13',
    `event_hash = sha256('')`,
    `occurred_at = '2026-01-01'`,
    'occurred_at = null',
  ])('the head row edited: %s', async (assignment) => {
    const report = await tampered(() => query(`update streams set ${assignment} where stream = $1`, stream));
    expect(report.issues).toEqual([
      expect.stringMatching(/^Head mismatch: the head says \d+ [0-9a-f]{64} of .*, the last event is 12 /),
    ]);
    expect(report.invalid_sequences).toEqual([assignment === 'sequence = 13' ? 13 : 12]);
  });

  it.each(BUT_LAST)('event %i exchanged with the next, payloads too', async (n) => {
    const report = await tampered(async () => {
      for (const table of ['events', 'event_payloads']) {
        await query(`update ${table} set sequence = 99 where stream = $1 and sequence = $2`, stream, n);
        await query(`update ${table} set sequence = $2 - 1 where stream = $1 and sequence = $2`, stream, n + 1);
        await query(`update ${table} set sequence = $2 where stream = $1 and sequence = 99`, stream, n + 1);
      }
    });
    expect(report.issues).toContain(hashMismatchOf(n + 1, n));
    expect(report.issues).toContain(hashMismatchOf(n, n + 1));
    expect(report.issues[1]).toBe(
      `Broken link at sequence ${n}: previous_hash=${at(n).event_hash}, expected=${n === 1 ? ZEROS : at(n - 1).event_hash}`,
    );
    expect(report.invalid_sequences.slice(0, 2)).toEqual([n, n + 1]);
    if (n + 2 <= LAST) expect(report.invalid_sequences).toContain(n + 2);
  });

  it.each(TRIED)('forged event put in at %i, the rest renumbered and linked to it', async (n) => {
    const previous_hash = n === 1 ? ZEROS : at(n - 1).event_hash;
    const forged = { ...at(n), sequence: n, previous_hash, event_type: 'FORGED', event_id: randomUUID() };
    forged.event_hash = hashOf(forged);
    const report = await tampered(async () => {
      for (const s of [...POSITIONS].reverse().filter((position) => position >= n)) {
        for (const table of ['events', 'event_payloads']) {
          await query(`update ${table} set sequence = $2 + 1 where stream = $1 and sequence = $2`, stream, s);
        }
      }
      const relink = `update events set previous_hash = decode($3, 'hex') where stream = $1 and sequence = $2`;
      await query(relink, stream, n + 1, forged.event_hash);
      await store(tamperer.db, forged);
    });
    expect(report.issues[0]).toBe(hashMismatchOf(n, n + 1, { previous_hash: forged.event_hash }));
    expect(report.invalid_sequences).toEqual(POSITIONS.filter((s) => s >= n).map((s) => s + 1));
    expect(report.issues).toContain('Event count mismatch at sequence 13: stored=12, computed=13');
  });

  it('an event added after the end, well chained, the head moved', async () => {
    const report = await tampered(async () =>
      moveHead(tamperer.db, await append(tamperer.db, stream, 'BENCH_NOTE', { text: 'one more thing' })),
    );
    expect(report.issues).toEqual(['Events after SESSION_COMPLETED: it stands at sequence 12, the last event at 13']);
    expect(report.invalid_sequences).toEqual([13]);
  });

  it('a second speaker forged into a round, well chained, is found by what holds of every session', async () => {
    const { playedStream } = fixture;
    const started = (await tamperer.chain(playedStream)).filter((row) => row.event_type === 'TURN_STARTED').at(-1)!;
    const payload = JSON.parse(started.payload!);
    const waived = (await tamperer.chain(playedStream)).find((row) => row.event_type === 'TURN_REBUTTAL_WAIVED')!;
    const { turn_id } = JSON.parse(waived.payload!);
    const report = await tamperer.streamReport(playedStream, async () => {
      const forged = { ...payload, turn_id };
      await moveHead(tamperer.db, await append(tamperer.db, playedStream, 'TURN_STARTED', forged));
    });
    expect(report.issues[0]).toMatch(/^Invariant broken: 2 turns are active: /);
    expect(report.issues[0]).toContain(turn_id);
  });

  it('an event added to an open stream, the head not moved', async () => {
    const report = await tamperer.streamReport(openStream, () =>
      append(tamperer.db, openStream, 'BENCH_NOTE', { text: 'one more thing' }),
    );
    expect(report.issues).toEqual([expect.stringMatching(/^Head mismatch: the head says 3 .*, the last event is 4 /)]);
    expect(report.invalid_sequences).toEqual([4]);
  });

  it('an event moved to another stream', async () => {
    const { record } = await tamperer.reports(stream, async () => {
      for (const table of ['events', 'event_payloads']) {
        await query(
          `update ${table} set stream = $2, sequence = 4 where stream = $1 and sequence = 5`,
          stream,
          openStream,
        );
      }
    });
    expect(record.invalid_sessions.map((one) => [one.session_id, one.issues[0]!.slice(0, 36)])).toEqual(
      [
        [session_id, 'Sequence gap: expected 5, got 6'],
        [openStream.slice('session:'.length), 'Hash mismatch at sequence 4: stored='],
      ].sort(),
    );
  });

  it('an event of another kind of stream', async () => {
    const { payload } = (await tamperer.chain(assignmentStream))[0]!;
    const report = await tamperer.streamReport(openStream, async () =>
      moveHead(tamperer.db, await append(tamperer.db, openStream, 'ASSIGNMENT_CREATED', JSON.parse(payload!))),
    );
    expect(report.issues).toEqual(['Misplaced event at sequence 4: ASSIGNMENT_CREATED']);
    expect(report.invalid_sequences).toEqual([4]);
  });

  it('a stream of no known kind', async () => {
    const { record } = await tamperer.reports(stream, () =>
      query(`insert into streams values ('ghost:1', 0, decode($1, 'hex'))`, ZEROS),
    );
    expect(record.invalid_streams).toEqual([{ stream: 'ghost:1', issues: ['Unknown kind of stream: ghost'] }]);
  });
});

describe('a chain made to agree again', () => {
  const seal = (hash: string) =>
    query('update courtroom_sessions set integrity_hash = $2 where id = $1', session_id, hash);
  const editActor = (n: number) =>
    query(`update events set actor_id = 'system' where stream = $1 and sequence = $2`, stream, n);

  it.each(TRIED)('from event %i on is found by the head', async (n) => {
    let last!: EventRow;
    const report = await tampered(async () => {
      await editActor(n);
      last = await rechain(tamperer.db, stream, n);
      await seal(last.event_hash);
    });
    const { event_hash, occurred_at } = at(LAST);
    expect(report.issues).toEqual([
      `Head mismatch: the head says 12 ${event_hash} of ${occurred_at}, the last event is 12 ${last.event_hash} of ${occurred_at}`,
    ]);
    expect(report.invalid_sequences).toEqual([LAST]);
  });

  it.each(TRIED)('from event %i on is found by the integrity hash', async (n) => {
    let last!: EventRow;
    const report = await tampered(async () => {
      await editActor(n);
      last = await rechain(tamperer.db, stream, n);
      await moveHead(tamperer.db, last);
    });
    expect(report.issues).toEqual([
      `Projection mismatch in courtroom_sessions ${session_id}: integrity_hash is "${at(LAST).event_hash}", the chain says "${last.event_hash}"`,
    ]);
    expect(report.invalid_sequences).toEqual([]);
  });

  it('with its head and integrity hash is beyond this verifier: that is what a checkpoint held elsewhere is for', async () => {
    const report = await tamperer.streamReport(stream, async () => {
      await editActor(5);
      const last = await rechain(tamperer.db, stream, 5);
      await moveHead(tamperer.db, last);
      await seal(last.event_hash);
    });
    expect(report.issues).toEqual([]);
  });

  it('still gives itself away by its time', async () => {
    const report = await tampered(async () => {
      await query(`update events set occurred_at = '2026-01-01' where stream = $1 and sequence = 5`, stream);
      const last = await rechain(tamperer.db, stream, 5);
      await moveHead(tamperer.db, last);
      await seal(last.event_hash);
    });
    expect(report.issues).toEqual(['Time runs backwards at sequence 5']);
    expect(report.invalid_sequences).toEqual([5]);
  });

  it('still gives itself away by a number that it leaves out', async () => {
    const report = await tamperer.streamReport(openStream, async () => {
      for (const table of ['events', 'event_payloads']) {
        await query(`update ${table} set sequence = 4 where stream = $1 and sequence = 3`, openStream);
      }
      await moveHead(tamperer.db, await rechain(tamperer.db, openStream, 1));
    });
    expect(report.issues).toEqual(['Sequence gap: expected 3, got 4']);
    expect(report.invalid_sequences).toEqual([4]);
  });

  it.each([
    ['event_count', 11, 'Event count mismatch at sequence 12: stored=11, computed=12'],
    ['state_digest', ONES, `State digest mismatch at sequence 12: stored=${ONES}, computed=`],
  ])('still gives itself away by its %s', async (field, value, issue) => {
    const report = await tampered(async () => {
      const payload = JSON.stringify({ ...JSON.parse(at(LAST).payload!), [field]: value });
      await query('update event_payloads set payload = $2 where stream = $1 and sequence = 12', stream, payload);
      const last = await rechain(tamperer.db, stream, 12);
      await moveHead(tamperer.db, last);
      await seal(last.event_hash);
    });
    expect(report.issues).toEqual([expect.stringContaining(issue)]);
    expect(report.invalid_sequences).toEqual([12]);
  });

  it('after a participant was written out of it gives itself away by its digest', async () => {
    const report = await tampered(async () => {
      await query(`update events set event_type = 'COUGH' where stream = $1 and sequence = 11`, stream);
      const last = await rechain(tamperer.db, stream, 11);
      await moveHead(tamperer.db, last);
      await seal(last.event_hash);
      await query(
        'delete from session_participations where session_id = $1 and user_id = $2',
        session_id,
        people.judge,
      );
    });
    expect(report.issues).toEqual([
      expect.stringMatching(/^State digest mismatch at sequence 12: stored=[0-9a-f]{64}, computed=[0-9a-f]{64}$/),
    ]);
  });
});

describe('an erased payload', () => {
  /** Of the fifth event, an entry of the clerk's, or of what it says; with the row that says where it stands. */
  async function erasure(changes: object = {}, name = assignmentStream) {
    const said = {
      stream,
      event_sequence: 5,
      payload_commitment: at(5).payload_commitment,
      reason: 'mistake',
      ...changes,
    };
    const row = await append(tamperer.db, name, 'PAYLOAD_ERASED', said);
    await query(
      `insert into erasures (stream, sequence, payload_commitment, reason, erased_by, erased_at, assignment_id, recorded_sequence)
       values ($1, 5, $2, $3, 'system', $4, $5, $6)`,
      ...[stream, said.payload_commitment, said.reason, row.occurred_at, assignmentStream.slice(11), row.sequence],
    );
    return row;
  }
  const erase = () => query('delete from event_payloads where stream = $1 and sequence = 5', stream);

  it('is no finding where an event of an assignment names it', async () => {
    const { stream: report, record } = await tamperer.reports(stream, async () => {
      await moveHead(tamperer.db, await erasure());
      await erase();
    });
    expect(report.issues).toEqual([]);
    expect([record.invalid_sessions, record.invalid_streams]).toEqual([[], []]);
  });

  it.each([
    ['another sequence', { event_sequence: 6 }],
    ['another commitment', { payload_commitment: ONES }],
    ['another stream', { stream: 'session:018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e14' }],
  ])('is missing where the event names %s', async (_, changes) => {
    const report = await tamperer.streamReport(stream, async () => {
      await moveHead(tamperer.db, await erasure(changes));
      await erase();
    });
    expect(report.issues).toEqual(['Payload missing at sequence 5']);
    expect(report.invalid_sequences).toEqual([5]);
  });

  it('is missing where only a session says that it was erased', async () => {
    const report = await tamperer.streamReport(stream, async () => {
      await moveHead(tamperer.db, await erasure({}, openStream));
      await erase();
    });
    expect(report.issues).toEqual(['Payload missing at sequence 5']);
  });

  it('is a finding where it is still, or again, stored', async () => {
    const { record } = await tamperer.reports(stream, async () => moveHead(tamperer.db, await erasure()));
    expect(record.invalid_sessions).toEqual([{ session_id, issues: ['Erased payload present at sequence 5'] }]);
    expect(record.invalid_streams).toEqual([
      {
        stream: assignmentStream,
        issues: [`Erasure not carried out at sequence 2: ${stream} still holds payload 5`],
      },
    ]);
  });
});
