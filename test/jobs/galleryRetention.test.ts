/** What was said in galleries goes after its time, to the last copy, and the record verifies before and after. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eraseOld } from '../../jobs/gallery/eraseOld.ts';
import { MOST_LAPSED } from '../../src/core/definitions/erasure.ts';
import type { Order } from '../integrity/recordFixture.ts';
import { isEverything } from '../support/everything.ts';
import { authorOf } from '../support/hall.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { student } from '../support/matchFixture.ts';
import { isLeftOut } from '../support/stack.ts';

const SAID = 'Does the treaty bind the harbour?';
const INTACT = { system_valid: true, invalid_streams: [], invalid_sessions: [], guard_issues: [] };

describe.skipIf(isLeftOut)('the retention of galleries', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });

  afterAll(() => bench.close());

  async function openGallery(): Promise<string> {
    const { court } = bench;
    const assignment_id = await court.assignment();
    await court.send(['assignment.update', { assignment_id, gallery: 'always', gallery_moderation: 'after' }]);
    return court.session(assignment_id);
  }

  const spectator = { id: student.id, role: student.role } as Order[2];
  const posting = (session_id: string, text = SAID): Order => {
    const input = { session_id, text, category: 'question', author: authorOf(student), author_name: 'Noor Haddad' };
    return ['gallery.post', input, spectator];
  };
  const run = () => eraseOld.run({ ...bench.tools, slot: new Date().toISOString() });
  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;

  /** Every table in which the words still stand. */
  async function holding(words: string): Promise<string[]> {
    const tables = await rowsOf(
      `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    const found: string[] = [];
    for (const { relname } of tables) {
      const rows = await rowsOf(`select from ${relname} t where strpos(t::text, $1) > 0 limit 1`, words);
      if (rows.length > 0) found.push(relname);
    }
    return found.sort();
  }

  test('erases what was kept for its time, from every table, and leaves what was said since', async () => {
    const session_id = await openGallery();
    await bench.hoursAgo(49);
    const [old] = await bench.court.send(posting(session_id));
    await bench.court.send([
      'gallery.report',
      { session_id, message_id: old, reason: 'Rude.', author: authorOf({ id: 'x' }) },
    ]);
    await bench.hoursAgo(47);
    await bench.court.send(posting(session_id, 'Why not?'));
    await bench.hoursAgo(0);
    expect(await holding(SAID)).toEqual(['event_payloads', 'gallery_messages']);
    expect(await holding('Noor Haddad')).toEqual(['event_payloads', 'gallery_messages']);
    expect(await bench.report()).toMatchObject(INTACT);
    expect(await run()).toEqual({ sent: 1, is_complete: true, removed: 0, owners: 0 });
    expect(await holding(SAID)).toEqual([]);
    const messages = 'select id, state, text, reports from gallery_messages where session_id = $1 order by sequence';
    expect(await rowsOf(messages, session_id)).toMatchObject([
      { id: old, state: 'erased', text: null, reports: 1 },
      { state: 'shown', text: 'Why not?', reports: 0 },
    ]);
    // A report outlives the text, with the commitment of what was said.
    const reports = await rowsOf(
      `select encode(e.payload_commitment, 'hex') = r.message_commitment as is_same, r.reason
       from gallery_reports r join events e on e.stream = 'gallery:' || r.session_id and e.sequence = 1`,
    );
    expect(reports).toEqual([{ is_same: true, reason: 'Rude.' }]);
    expect(await bench.report()).toMatchObject(INTACT);
    expect(await run()).toEqual({ sent: 0, is_complete: true, removed: 0, owners: 0 });
  });

  test('goes on being decided from what is left', async () => {
    const session_id = await openGallery();
    await bench.hoursAgo(49);
    await bench.court.send(posting(session_id));
    await bench.hoursAgo(0);
    await run();
    await bench.court.send(posting(session_id, 'And now?'));
    const numbers = 'select author_number from gallery_messages where session_id = $1';
    expect(await rowsOf(numbers, session_id)).toEqual([{ author_number: 1 }, { author_number: 1 }]);
    expect(await bench.report()).toMatchObject(INTACT);
  });

  test.runIf(isEverything)('takes as many as an event may name, and the rest by the next', async () => {
    // In a database of its own: each verification after this one would read as many again.
    const usual = bench;
    bench = await openWorkbench();
    onTestFinished(async () => {
      await bench.close();
      bench = usual;
    });
    const session_id = await openGallery();
    await bench.hoursAgo(49);
    for (const length of [MOST_LAPSED / 2, MOST_LAPSED / 2 + 1]) {
      await bench.court.send(...Array.from({ length }, () => posting(session_id)));
    }
    await bench.hoursAgo(0);
    expect(await run()).toMatchObject({ sent: 2 });
    const lapsed = `select jsonb_array_length(payload::jsonb -> 'erased') as n from event_payloads p join events e using (stream, sequence)
      where e.stream = $1 and e.event_type = 'SESSION_GALLERY_ERASED' order by e.sequence`;
    expect(await rowsOf(lapsed, `gallery:${session_id}`)).toEqual([{ n: MOST_LAPSED }, { n: 1 }]);
    expect(await bench.report()).toMatchObject(INTACT);
  });

  test('removes from the inbox what was never applied', async () => {
    const session_id = await openGallery();
    await bench.hoursAgo(49);
    const [id] = await bench.court.send(posting(session_id));
    const dead = `update commands set status = 'dead', input = $2, finished_at = now() - interval '49 hours'
      where id = $1`;
    const client = await bench.database.pool.connect();
    await client.query('alter table commands disable trigger outcomes_are_final');
    await client.query(dead, [id, JSON.stringify({ session_id, text: 'Never said.' })]);
    await client.query('alter table commands enable always trigger outcomes_are_final');
    client.release(true);
    await bench.hoursAgo(0);
    expect(await holding('Never said.')).toEqual(['commands']);
    expect(await run()).toMatchObject({ removed: 1 });
    expect(await holding('Never said.')).toEqual([]);
  });

  test('erases whom a ban was about 30 days after its end, from every table, and leaves what is open or ended since', async () => {
    const owner = randomUUID();
    const admin = { id: randomUUID(), role: 'admin' } as Order[2];
    const DAY = 24;
    const ban = (address: string, hours?: number) =>
      bench.court.send([
        'guard.ban',
        { owner, address, reason: `Floods from ${address}.`, ...(hours && { hours }) },
        admin,
      ]);
    const [ended, lifted, recent, open] = ['203.0.113.71', '203.0.113.72', '203.0.113.73', '203.0.113.74'] as const;
    await bench.hoursAgo(31 * DAY);
    await ban(ended, 1);
    await ban(ended, 2);
    await ban(lifted);
    await bench.court.send([
      'guard.unban',
      { owner, address: lifted, reason: `It was the proxy of ${lifted}.` },
      admin,
    ]);
    await ban(open);
    await bench.hoursAgo(29 * DAY);
    await ban(recent, 1);
    await bench.hoursAgo(0);
    // Neither the requests nor their outcomes are kept for longer than it takes to answer them.
    for (const words of [ended, lifted]) expect(await holding(words)).toEqual(['event_payloads', 'guard_bans']);
    expect(await bench.report()).toMatchObject(INTACT);
    expect(await run()).toMatchObject({ owners: 1, is_complete: true });
    for (const words of [ended, lifted]) expect(await holding(words)).toEqual([]);
    for (const words of [recent, open]) expect(await holding(words)).toEqual(['event_payloads', 'guard_bans']);
    const bans =
      'select rule, value, reason, lifted_at is null as stood, events from guard_bans where owner = $1 order by banned_at';
    expect(await rowsOf(bans, owner)).toEqual([
      { rule: 'person', value: null, reason: null, stood: true, events: null },
      { rule: 'person', value: null, reason: null, stood: false, events: null },
      { rule: 'person', value: open, reason: expect.any(String), stood: true, events: [5] },
      { rule: 'person', value: recent, reason: expect.any(String), stood: true, events: [6] },
    ]);
    expect(await bench.report()).toMatchObject(INTACT);
    expect(await run()).toMatchObject({ owners: 0 });
  });

  describe('a payload of a gallery', () => {
    let stream: string;

    beforeAll(async () => {
      const session_id = await openGallery();
      stream = `gallery:${session_id}`;
      await bench.hoursAgo(49);
      await bench.court.send(posting(session_id));
      await bench.hoursAgo(0);
      await run();
      await bench.court.send(posting(session_id, 'And now?'));
    });

    test('is not deleted without an event that says so', async () => {
      const last = 'delete from event_payloads where stream = $1 and sequence = 3';
      await expect(rowsOf(last, stream)).rejects.toThrow('no PAYLOAD_ERASED event names 3');
      await rowsOf('insert into lapsed_payloads values ($1, 3, 4)', stream);
      await expect(rowsOf(last, stream)).rejects.toThrow('no PAYLOAD_ERASED event names 3');
      expect(await bench.report()).toMatchObject({ system_valid: false });
      await rowsOf('alter table lapsed_payloads disable trigger lapsed_payloads_are_immutable');
      await rowsOf('delete from lapsed_payloads where stream = $1 and sequence = 3', stream);
      await rowsOf('alter table lapsed_payloads enable always trigger lapsed_payloads_are_immutable');
      expect(await bench.report()).toMatchObject(INTACT);
    });

    test('that is back, with or without a trace of its erasure, is a finding', async () => {
      const back = 'insert into event_payloads values ($1, 1, $2, $3)';
      await rowsOf(back, stream, Buffer.alloc(32), '{}');
      const { invalid_streams } = (await bench.report()) as { invalid_streams: { issues: string[] }[] };
      expect(JSON.stringify(invalid_streams)).toContain('Erased payload present at sequence 1');
      await rowsOf('alter table lapsed_payloads disable trigger lapsed_payloads_are_immutable');
      await rowsOf('delete from lapsed_payloads where stream = $1', stream);
      await rowsOf('alter table lapsed_payloads enable always trigger lapsed_payloads_are_immutable');
      const report = JSON.stringify((await bench.report()).invalid_streams);
      expect(report).toContain('Erasure not carried out at sequence 2');
    });
  });
});
