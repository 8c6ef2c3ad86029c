/** What a command is said to have come to is what the events say that bear its id. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCommandId } from '../../src/core/chain/ids.ts';
import { verifyOutcomes } from '../../src/integrity/streams/verifyOutcomes.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
/** Of the command that created the completed session, which records on two streams, and of one that has one event. */
let created: string;
let started: string;

beforeAll(async () => {
  fixture = await openFixture();
  const { rows } = await fixture.tamperer.db.query<{ id: string; name: string }>(
    `select id, name from commands where name in ('session.create', 'session.start') order by id`,
  );
  created = rows.find(({ name }) => name === 'session.create')!.id;
  started = rows.find(({ name }) => name === 'session.start')!.id;
});

afterAll(() => fixture.close());

/** The id of a command that the rules rejected: the session is completed. */
const rejected = () =>
  fixture.court.send(['session.start', { session_id: fixture.session_id }]).then(
    () => Promise.reject(new Error('it was applied')),
    ({ message }: Error) => JSON.parse(message).id as string,
  );

/** What is found while the change stands; outcomes are final, so who changes one takes the trigger away first. */
const found = (text: string, ...values: unknown[]) =>
  fixture.tamperer.within(async () => {
    await fixture.query('alter table commands disable trigger all');
    await fixture.query('alter table commands drop constraint ck_command_outcome, drop constraint ck_command_status');
    await fixture.query(text, ...values);
    return verifyOutcomes(fixture.tamperer.db);
  });

const said = (id: string, json: string) =>
  found(`update commands set outcome = ${json} where id = $1`, id).then(({ issues }) => issues);

describe('the outcomes of an untampered inbox', () => {
  it('agree with the chain, every one, and the verifier may read them', async () => {
    const { rows } = await fixture.tamperer.db.query<{ count: number }>(
      'select count(*)::integer as count from commands',
    );
    const report = await verifyOutcomes(fixture.court.verifier as never);
    expect(report).toEqual({ commands_checked: rows[0]!.count, issues: [] });
    expect(await verifyRecord(fixture.court.verifier as never, catalog, { institution_id: null })).toMatchObject({
      commands_checked: rows[0]!.count,
      command_issues: [],
      system_valid: true,
    });
  });

  it('are those of rejected and waiting commands too', async () => {
    const id = newCommandId();
    await rejected();
    const waiting = await fixture.tamperer.within(async () => {
      await fixture.query(
        `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id)
         values ($1, 'session.start', $2, array[$2], '{}', 'system', 'system', 'nobody', 'r')`,
        id,
        fixture.stream,
      );
      return verifyOutcomes(fixture.tamperer.db);
    });
    expect(waiting.issues).toEqual([]);
  });
});

describe('an outcome is found that', () => {
  const mismatch = (id: string) => `Outcome mismatch of command ${id}: `;

  it('names a hash, a sequence, a type or a stream that the chain does not', async () => {
    const replaced = (what: string, by: string) => said(created, `regexp_replace(outcome, '${what}', '${by}')`);
    for (const [what, by] of [
      ['"event_hash":"[0-9a-f]{8}', '"event_hash":"00000000'],
      ['"event_sequence":1', '"event_sequence":7'],
      ['"event_type":"SESSION_CREATED"', '"event_type":"SESSION_STARTED"'],
    ] as const) {
      expect(await replaced(what, by)).toEqual([expect.stringMatching(`^${mismatch(created)}events is `)]);
    }
    expect(await replaced('"sequence_to":1', '"sequence_to":2')).toEqual([
      `${mismatch(created)}sequence_to is 2, the chain says 1`,
    ]);
    expect(await replaced('"stream":"session:', '"stream":"session:x')).toEqual([
      expect.stringMatching(`^${mismatch(created)}stream is `),
    ]);
  });

  it('names more or fewer events, or none', async () => {
    expect(await said(created, `jsonb_set(outcome::jsonb, '{events}', '[]')::text`)).toEqual([
      expect.stringMatching(`^${mismatch(created)}it names 0 events, and the chain has \\d events of it$`),
    ]);
    expect(await said(started, `'{}'`)).toEqual([
      `${mismatch(started)}it names no events, and the chain has 1 events of it`,
    ]);
  });

  it('is no outcome at all, or an endless one', async () => {
    for (const json of [`'{'`, `'null'`, 'null', `repeat(' ', 5000000)`])
      expect(await said(started, json)).toEqual([`${mismatch(started)}it cannot be read`]);
  });

  it.each(['rejected', 'dead', 'accepted'])('says that what the chain has is %s', async (status) => {
    const { issues } = await found('update commands set status = $2 where id = $1', started, status);
    expect(issues).toEqual([`${mismatch(started)}it is ${status}, yet the chain has 1 events of it`]);
  });

  it('says that what the chain has not was applied', async () => {
    const id = newCommandId();
    const { issues } = await found(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status, finished_at, outcome)
       select $1, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status, finished_at, outcome
       from commands where id = $2`,
      id,
      started,
    );
    expect(issues).toEqual([`${mismatch(id)}it names 1 events, and the chain has 0 events of it`]);
  });

  it('is rejected without a reason', async () => {
    const id = await rejected();
    expect(await said(id, `'{}'`)).toEqual([`${mismatch(id)}it is rejected, and says no reason`]);
  });

  it('is forged, as part of the whole verdict; of an institution it is not asked', async () => {
    const [all, own] = await fixture.tamperer.within(async () => {
      await fixture.query('alter table commands disable trigger all');
      await fixture.query(`update commands set outcome = '{"events":[]}' where id = $1`, started);
      await fixture.query('alter table commands enable trigger all');
      await fixture.query('alter table commands enable always trigger outcomes_are_final');
      return [
        await verifyRecord(fixture.tamperer.db, catalog, { institution_id: null }),
        await verifyRecord(fixture.tamperer.db, catalog, { institution_id: randomUUID() }),
      ];
    });
    expect(all).toMatchObject({ system_valid: false, tamper_detected: true, guard_issues: [], invalid_streams: [] });
    expect(all!.command_issues).toEqual([expect.stringMatching(`^${mismatch(started)}`)]);
    expect(all!.message).toContain('1 commands answer otherwise than the chain');
    expect(own).toMatchObject({ system_valid: true, commands_checked: 0, command_issues: [] });
  });
});
