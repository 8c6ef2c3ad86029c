/** What is not tampered with verifies, also while it grows; and a report says what it covers, within bounds. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { recordEntries } from '../../src/audit/recordEntries.ts';
import { foldWrites } from '../../src/core/apply/projections.ts';
import { evolveWith, initialState } from '../../src/core/apply/streamStates.ts';
import { type EventRow, recordedEvent } from '../../src/core/chain/ledger.ts';
import { insert } from '../../src/core/definitions/write.ts';
import { eraseMessages } from '../../src/gallery/messages/eraseMessages.ts';
import { eraseBans } from '../../src/guard/bans/eraseBans.ts';
import { compareRows } from '../../src/integrity/streams/compareRows.ts';
import { verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog, commands } from '../../src/modules.ts';
import { projected } from '../../src/tables.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { described } from '../support/tables.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { cancelledMatch, type Order, openCourt, people } from './recordFixture.ts';
import { openTamperer } from './tamper.ts';
import { openTestDatabase } from './testDatabase.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ZEROS = '0'.repeat(64);
const GLOBAL = { institution_id: null };

let fixture: Fixture;
let { database, court, tamperer, session_id, stream, assignmentStream, openStream } = {} as Fixture;

beforeAll(async () => {
  fixture = await openFixture();
  ({ database, court, tamperer, session_id, stream, assignmentStream, openStream } = fixture);
});
afterAll(() => fixture?.close());

const query = (text: string, ...values: unknown[]) => fixture.query(text, ...values);

describe('an untampered record', () => {
  it('verifies, stream by stream and as a whole', async () => {
    for (const [name, events] of [
      [stream, 12],
      [assignmentStream, 1],
      [openStream, 3],
    ] as const) {
      const report = await verifyStream(court.verifier as never, catalog, name);
      const last = (await tamperer.chain(name)).at(-1)!;
      expect(report).toEqual({
        stream: name,
        is_valid: true,
        events_checked: events,
        invalid_sequences: [],
        issues: [],
        head: { event_sequence: events, event_hash: last.event_hash },
      });
    }
    const played = [fixture.playedStream, fixture.playedAssignmentStream, ...fixture.besides];
    const events = 18 + (await Promise.all(played.map(tamperer.chain))).flat().length;
    const streams = 7 + fixture.besides.length;
    const pages: object[] = [];
    const report = await verifyRecord(court.verifier as never, catalog, GLOBAL, (done) => pages.push(done));
    expect(report).toEqual({
      sessions_checked: 3,
      streams_checked: streams,
      events_checked: events,
      invalid_sessions: [],
      invalid_streams: [],
      guard_issues: [],
      commands_checked: expect.any(Number),
      command_issues: [],
      leaves_checked: 0,
      log_issues: [],
      // Logins that another file's test makes are noted, too: roles belong to the server.
      guard_notes: expect.arrayContaining(['Noted: setting TimeZone of the database added: Asia/Kathmandu']),
      tamper_detected: false,
      system_valid: true,
      issues_omitted: 0,
      message: `The record is intact: 3 sessions, ${streams} streams and ${events} events were checked, and every hash, link and row agrees.`,
      checked_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(pages).toEqual([{ streams_checked: streams, events_checked: events }]);
  });

  it('holds one event of every type that people cause, and every table they write is known to the verifier', async () => {
    const { playedAssignmentStream, playedStream, besides } = fixture;
    const streams = [assignmentStream, stream, playedAssignmentStream, playedStream, ...besides];
    const recorded = [...(await Promise.all(streams.map(tamperer.chain))).flat(), ...(await calledOff())];
    const known = recorded.filter((row) => catalog.events.has(row.event_type));
    // What else the system causes takes 12 hours of silence: test/jobs lives through them and verifies what comes of it.
    const caused = [...commands, eraseMessages, eraseBans, recordEntries].flatMap(({ records }) =>
      records.map(({ type }) => type),
    );
    expect(new Set(known.map((row) => row.event_type))).toEqual(new Set(caused));
    const states = new Map<string, unknown>();
    for (const row of known) {
      const definition = catalog.events.get(row.event_type)!;
      const state = evolveWith(catalog, states.get(row.stream) ?? initialState(catalog, row.stream), row);
      states.set(row.stream, state);
      for (const { table, key } of foldWrites(definition.project(recordedEvent(row) as never, state))) {
        const listed = projected.find(({ name }) => name === table);
        expect(listed, table).toMatchObject({ stream: definition.stream.kind, primary_key: Object.keys(key) });
      }
    }
  });

  /** The events of a match that was called off, which verifies as well; in a database of its own, as it is one match more. */
  async function calledOff(): Promise<EventRow[]> {
    const other = await openTestDatabase();
    const open = openCourt(other.url);
    const chains = await openTamperer(other.url);
    const streams = await cancelledMatch(open);
    const rows = (await Promise.all(streams.map(chains.chain))).flat();
    expect(await verifyRecord(open.verifier as never, catalog, GLOBAL)).toMatchObject({ system_valid: true });
    for (const one of [chains, open, other]) await one.close();
    return rows;
  }

  it('cannot be verified past a projection that the verifier does not know', () => {
    const stranger = insert('stray_notes', { id: randomUUID() }, {});
    expect(() => compareRows('session', new Map(), [stranger], {})).toThrow('stray_notes');
  });

  it('verifies while a command waits for its retry and its stream has no event yet', async () => {
    const { stream: report, record } = await tamperer.reports(stream, () =>
      query(
        `insert into streams (stream, sequence, event_hash, held_until) values ($1, 0, decode($2, 'hex'), now())`,
        `assignment:${randomUUID()}`,
        ZEROS,
      ),
    );
    expect([report.is_valid, record.invalid_streams, record.streams_checked]).toEqual([
      true,
      [],
      8 + fixture.besides.length,
    ]);
  });

  it('has nothing to say about a stream that does not exist', async () => {
    const report = await verifyStream(court.verifier as never, catalog, `session:${randomUUID()}`);
    expect(report).toMatchObject({ is_valid: false, events_checked: 0, head: null });
    expect(report.issues).toEqual(['Stream missing: no event is recorded']);
  });

  it('says that nothing was checked when there is no session', async () => {
    const empty = openCourt(await database.another());
    const report = await verifyRecord(empty.verifier as never, catalog, GLOBAL);
    await empty.close();
    expect(report).toMatchObject({ sessions_checked: 0, tamper_detected: false, system_valid: true });
    expect(report.message).toBe('Nothing was checked: there is no session.');
  });

  it('is no false alarm while it grows', async () => {
    const url = await database.another();
    const growing = openCourt(url);
    const ids = [await growing.session(await growing.assignment()), await growing.session(await growing.assignment())];
    const as = { id: people.petitioner, role: 'participant' as const };
    for (const id of ids) await growing.send(['session.start', { session_id: id }]);
    const counts = new Set<number>();
    let isDone = false;
    let rounds = 0;
    // The appending ends when the verifier has seen the record grow, however slow the machine is.
    const appending = (async () => {
      for (; rounds < 60 || (counts.size < 4 && rounds < 2000); rounds++) {
        for (const id of ids) {
          await growing.send(
            ['session.join', { session_id: id, role: 'petitioner' }, as],
            ['session.log', { session_id: id, event_type: 'BENCH_NOTE', details: { i: rounds } }],
          );
        }
      }
      isDone = true;
    })();
    while (!isDone) {
      const record = await verifyRecord(growing.verifier as never, catalog, GLOBAL);
      expect([...record.invalid_sessions, ...record.invalid_streams]).toEqual([]);
      const one = await verifyStream(growing.verifier as never, catalog, `session:${ids[0]}`);
      expect(one.issues).toEqual([]);
      counts.add(record.events_checked);
    }
    await appending;
    const last = await verifyRecord(growing.verifier as never, catalog, GLOBAL);
    await growing.close();
    expect(last).toMatchObject({ events_checked: 2 + 2 + 2 + 4 * rounds, system_valid: true });
    expect(counts.size).toBeGreaterThan(3);
  });
});

describe('a report', () => {
  /** Sessions of 120 events each. */
  async function openCrowded(sessions: number) {
    const url = await database.another();
    const crowded = openCourt(url);
    const ids: string[] = [];
    for (let i = 0; i < sessions; i++) {
      const id = await crowded.session(await crowded.assignment());
      await crowded.send(['session.start', { session_id: id }]);
      const log = (n: number): Order => ['session.log', { session_id: id, event_type: 'BENCH_NOTE', details: { n } }];
      await crowded.send(...Array.from({ length: 118 }, (_, n) => log(n)));
      ids.push(id);
    }
    const other = await openTamperer(url);
    /** Of the first session, and of everything, where every event of a session is another's. */
    const reports = () =>
      other.reports(`session:${ids[0]}`, () =>
        other.db.query(`update events set actor_id = 'system' where stream like 'session:%'`),
      );
    const close = async () => {
      await other.close();
      await crowded.close();
    };
    return { crowded, reports, close };
  }

  it('lists at most 100 findings a stream, and says how many are left out', async () => {
    const { reports, close } = await openCrowded(1);
    const { stream: report, record } = await reports();
    await close();
    expect(report.issues).toHaveLength(101);
    expect(report.issues.slice(99).map((issue) => issue.slice(0, 31))).toEqual([
      'Hash mismatch at sequence 100: ',
      '20 more findings are left out',
    ]);
    expect(report.invalid_sequences).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(record).toMatchObject({ issues_omitted: 20, invalid_streams: [] });
    expect(record.invalid_sessions.map(({ issues }) => issues.length)).toEqual([100]);
  });

  it.runIf(isEverything)('lists at most 1,000 findings in all, and says how many are left out', async () => {
    const { crowded, reports, close } = await openCrowded(11);
    for (let i = 0; i < 200; i++) await crowded.assignment();
    const pages: object[] = [];
    const intact = await verifyRecord(
      crowded.verifier as never,
      catalog,
      GLOBAL,
      async (done) => void pages.push(done),
    );
    expect(intact).toMatchObject({
      sessions_checked: 11,
      streams_checked: 222,
      events_checked: 1_531,
      system_valid: true,
    });
    expect(pages).toEqual([
      { streams_checked: 200, events_checked: 200 },
      { streams_checked: 222, events_checked: 1_531 },
    ]);
    const { record } = await reports();
    await close();
    expect(record.invalid_sessions.map(({ issues }) => issues.length)).toEqual(Array(10).fill(100));
    expect(record.issues_omitted).toBe(11 * 120 - 1_000);
    expect(record.message).toBe(
      `Tampering or damage: 11 streams do not verify. ${record.guard_issues.length} guards of the database are not ` +
        'as they should be. ' +
        '320 more findings are left out. 11 sessions, 222 streams and 1531 events were checked.',
    );
  });

  it.runIf(isEverything)('covers thousands of streams', async () => {
    const record = await tamperer.within(async () => {
      await query(
        `insert into streams (stream, sequence, event_hash)
         select 'assignment:' || gen_random_uuid(), 0, decode($1, 'hex') from generate_series(1, 10100)`,
        ZEROS,
      );
      return verifyRecord(tamperer.db, catalog, GLOBAL);
    });
    const streams_checked = 10_107 + fixture.besides.length;
    expect(record).toMatchObject({ streams_checked, sessions_checked: 3, system_valid: true });
  });

  it('of an institution covers its streams and no others, nor the guards', async () => {
    const institution_id = court.institution_id;
    const own = await verifyRecord(court.verifier as never, catalog, { institution_id });
    expect(own).toMatchObject({ sessions_checked: 1, streams_checked: 3, events_checked: 14, system_valid: true });
    const none = await verifyRecord(court.verifier as never, catalog, { institution_id: randomUUID() });
    expect(none).toMatchObject({ sessions_checked: 0, streams_checked: 0, system_valid: true });
    const other = await tamperer.within(async () => {
      await query('alter table events disable trigger events_stay');
      await query(
        'update courtroom_sessions set title = $2 where id = $1',
        openStream.slice('session:'.length),
        'Forged',
      );
      return verifyRecord(tamperer.db, catalog, { institution_id });
    });
    expect(other).toMatchObject({ system_valid: true, guard_issues: [] });
  });

  it.each(['assignments', 'courtroom_sessions'])(
    'of an institution finds what was moved out of it in %s',
    async (table) => {
      const elsewhere = randomUUID();
      const key = table === 'assignments' ? fixture.assignment_id : session_id;
      const record = await tamperer.within(async () => {
        await query(`alter table ${table} disable trigger all`);
        await query(`update ${table} set institution_id = $2 where id = $1`, key, elsewhere);
        return verifyRecord(tamperer.db, catalog, { institution_id: court.institution_id });
      });
      const issue =
        `Projection mismatch in ${table} ${key}: institution_id is "${elsewhere}", ` +
        `the chain says "${court.institution_id}"`;
      expect([...record.invalid_streams, ...record.invalid_sessions].map(({ issues }) => issues)).toEqual([[issue]]);
      expect([record.streams_checked, record.tamper_detected]).toEqual([3, true]);
    },
  );
});

describe('a guard of the database', () => {
  const CONSTRAINTS = [
    ['events', 'ck_event_hash'],
    ['events', 'ck_event_genesis'],
    ['events', 'ck_event_stream'],
    ['events', 'uq_event_sequence'],
    ['events', 'uq_event_previous'],
    ['events', 'uq_event_id'],
    ['event_payloads', 'fk_payload_event'],
  ] as const;

  it.each(someOf(described('trigger'), 4))(
    'that is switched off, weakened or gone is named: trigger $name',
    async ({ table, name }) => {
      const issues = (change: string) => tamperer.guardIssues(`alter table ${table} ${change}`);
      const disabled = [`Guard disabled: trigger ${name} of ${table}`];
      expect(await issues(`disable trigger ${name}`)).toEqual(disabled);
      expect(await issues(`enable trigger ${name}`)).toEqual(disabled);
      expect(await issues(`enable replica trigger ${name}`)).toEqual(disabled);
      expect(await issues(`enable always trigger ${name}`)).toEqual([]);
      expect(await tamperer.guardIssues(`drop trigger ${name} on ${table}`)).toEqual([
        `Guard missing: trigger ${name} of ${table}`,
      ]);
    },
  );

  it.each([
    ['fires on less', 'before delete on events for each row execute function refuse_change()'],
    [
      'fires on one column',
      'before delete or update of event_id on events for each row execute function refuse_change()',
    ],
    ['fires sometimes', 'before delete or update on events for each row when (false) execute function refuse_change()'],
    ['fires in vain', 'before delete or update on events for each row execute function suppress()'],
  ])('that %s is named', async (_, definition) => {
    const change = `
      create function suppress() returns trigger language plpgsql as 'begin return new; end';
      drop trigger events_are_immutable on events;
      create trigger events_are_immutable ${definition};
      alter table events enable always trigger events_are_immutable`;
    expect(await tamperer.guardIssues(change)).toEqual([
      'Guard added: function suppress',
      'Guard changed: trigger events_are_immutable of events',
    ]);
  });

  it.each(CONSTRAINTS)('of %s that is dropped is named: constraint %s', async (table, name) => {
    expect(await tamperer.guardIssues(`alter table ${table} drop constraint ${name} cascade`)).toContain(
      `Guard missing: constraint ${name} of ${table}`,
    );
  });

  it.each([
    ['true', '', 'changed'],
    [`event_hash = sha256('') or true`, '', 'changed'],
    ['octet_length(event_hash) = 32', 'not valid', 'disabled'],
  ])('that checks something else is named: %s %s', async (condition, suffix, what) => {
    const change = `alter table events drop constraint ck_event_hash,
      add constraint ck_event_hash check (${condition}) ${suffix}`;
    expect(await tamperer.guardIssues(change)).toEqual([`Guard ${what}: constraint ck_event_hash of events`]);
  });

  it.each([
    ...['refuse_change', 'refuse_unerased_delete', 'refuse_change_of_completed', 'refuse_change_after_completion'],
  ])('that was rewritten is named: %s', async (name) => {
    const change = `create or replace function ${name}() returns trigger language plpgsql as 'begin return old; end'`;
    expect(await tamperer.guardIssues(change)).toEqual([`Guard changed: function ${name}`]);
  });

  it('that says yes to any hash is named, and what it let in is found', async () => {
    const report = await fixture.tampered(async () => {
      await query(`update events set event_hash = sha256('') where stream = $1 and sequence = 5`, stream);
      await query(`create or replace function event_envelope(stream text, sequence integer, event_id uuid,
        event_type text, actor_id text, occurred_at timestamptz, payload_commitment bytea, previous_hash bytea)
        returns text language sql stable as 'select null::text'`);
    });
    expect(report.invalid_sequences).toEqual([5, 6]);
    const record = await tamperer.guardIssues(`create or replace function event_envelope(stream text, sequence integer,
      event_id uuid, event_type text, actor_id text, occurred_at timestamptz, payload_commitment bytea,
      previous_hash bytea) returns text language sql stable as 'select null::text'`);
    expect(record).toEqual(['Guard changed: function event_envelope']);
  });
});
