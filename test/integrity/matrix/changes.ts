/** What is done to a completed session of twelve events, and what finds it where nothing else is made to fit. */
import { randomUUID } from 'node:crypto';
import { idOf } from '../../../src/core/definitions/stream.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { projected } from '../../../src/tables.ts';

export interface Change {
  /** The event whose own hashes the hand `row` makes fit. */
  sequence: number;
  work(db: Queryable, stream: string): Promise<unknown>;
  /** What the session's own verification finds of it as it is, and with the row rehashed, the first at that sequence. */
  raw: [checks: string[], at: number | null];
  row: [checks: string[], at: number | null];
  /** What a run of everything finds of it at least, where that is something else. */
  all?: string[];
  /** A check of a bundle that finds it, as it is and rehashed. */
  bundle: [raw: string, row: string];
}

const AT = 'where stream = $1 and sequence = $2';
const set = (assignment: string) => (sequence: number) => ({
  sequence,
  work: (db: Queryable, stream: string) => db.query(`update events set ${assignment} ${AT}`, [stream, sequence]),
  raw: [['hash'], sequence] as Change['raw'],
  row: [['link'], sequence + 1] as Change['row'],
  bundle: ['link', 'link'] as Change['bundle'],
});
const say = (sequence: number, assignment: string): Change => ({
  sequence,
  work: (db, stream) => db.query(`update event_payloads set ${assignment} ${AT}`, [stream, sequence]),
  ...{ raw: [['hash'], sequence], row: [['link'], sequence + 1], bundle: ['payload', 'link'] },
});

/** Moves the events from there on by so many places, their payloads with them. */
async function moveFrom(db: Queryable, stream: string, from: number, by: number): Promise<void> {
  for (const table of ['events', 'event_payloads']) {
    const text = `update ${table} set sequence = sequence + $3 where stream = $1 and sequence >= $2`;
    await db.query(text, [stream, from, by]);
  }
}

async function remove(db: Queryable, stream: string, from: number, to: number): Promise<void> {
  for (const table of ['event_payloads', 'events']) {
    const text = `delete from ${table} where stream = $1 and sequence between $2 and $3`;
    await db.query(text, [stream, from, to]);
  }
}

async function putIn(db: Queryable, stream: string): Promise<void> {
  await moveFrom(db, stream, 5, 1);
  const forged = JSON.stringify({ sequence: 5, event_id: randomUUID() });
  for (const table of ['events', 'event_payloads']) {
    const text = `insert into ${table} select (json_populate_record(t, $3)).* from ${table} t ${AT}`;
    await db.query(text, [stream, 6, forged]);
  }
}

/** Their times stay where they were: a time that runs backwards would be found whatever is made to fit. */
async function exchange(db: Queryable, stream: string): Promise<void> {
  for (const table of ['events', 'event_payloads']) {
    await db.query(`update ${table} set sequence = 15 - sequence where stream = $1 and sequence in (5, 10)`, [stream]);
  }
  await db.query(
    `update events e set occurred_at = o.occurred_at from events o
     where e.stream = $1 and o.stream = $1 and e.sequence in (5, 10) and o.sequence = 15 - e.sequence`,
    [stream],
  );
}

async function drop(db: Queryable, stream: string): Promise<void> {
  await remove(db, stream, 1, 1_000);
  await db.query('delete from streams where stream = $1', [stream]);
  for (const { name, owner, stream: kind } of projected) {
    if (kind === 'session') await db.query(`delete from ${name} where ${owner} = $1`, [idOf(stream)]);
  }
}

/** Its fifth and tenth events are notes that nothing is folded of. */
export const CHANGES: { [what: string]: Change } = {
  'another actor in the middle': set(`actor_id = 'x'`)(6),
  'another payload': say(5, `payload = '{"text":"No."}'`),
  'the tail cut off': {
    ...{ sequence: 11, work: (db, stream) => remove(db, stream, 12, 12) },
    ...{ raw: [['head', 'state'], null], row: [['head', 'state'], null], bundle: ['session', 'session'] },
  },
  'the session dropped whole': {
    ...{ sequence: 1, work: drop },
    ...{ raw: [['head'], null], row: [['head'], null], bundle: ['', ''] },
    // No trace of the stream is left, so that no run of everything comes to look at it.
    all: ['leaf', 'command'],
  },
  'another actor at the beginning': set(`actor_id = 'x'`)(1),
  'another actor in the event before the last': set(`actor_id = 'x'`)(11),
  'another actor at the end': {
    ...set(`actor_id = 'x'`)(12),
    ...{ row: [['head', 'state'], null], bundle: ['session', 'session'] },
  },
  'another id': set('event_id = gen_random_uuid()')(5),
  'another type': set(`event_type = 'FORGED'`)(5),
  'a day earlier, all of it': {
    sequence: 1,
    work: (db, stream) =>
      db.query(`update events set occurred_at = occurred_at - interval '1 day' where stream = $1`, [stream]),
    ...{ raw: [['hash', 'head', 'state'], 1], row: [['hash', 'link', 'head', 'state'], 2], bundle: ['link', 'link'] },
  },
  'another payload and salt': say(10, `payload = '{"points":1}', salt = sha256('')`),
  "another payload of the court's own": say(6, `payload = replace(payload, 'Recess', 'Lunch')`),
  'an event taken out, the rest moved up': {
    sequence: 5,
    async work(db, stream) {
      await remove(db, stream, 5, 5);
      await moveFrom(db, stream, 6, -1);
    },
    ...{ raw: [['hash', 'link', 'head', 'state'], 5], row: [['link', 'hash', 'head', 'state'], 5] },
    bundle: ['link', 'link'],
  },
  'an event put in, the rest moved down': {
    ...{ sequence: 5, work: putIn, bundle: ['link', 'link'] },
    ...{ raw: [['hash', 'link', 'head', 'state'], 5], row: [['hash', 'link', 'head', 'state'], 6] },
  },
  'two events exchanged': {
    ...{ sequence: 5, work: exchange, bundle: ['link', 'link'] },
    ...{ raw: [['hash', 'link'], 5], row: [['link', 'hash'], 5] },
  },
};
