/** An evening on which everything that can slip slips, and the record still tells the truth. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, cast, get, type Json, must, type Person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, formOf } from '../support/exhibits.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)(`an evening of slips, ${kind}`, () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ GUARD_MAX_KEYS: '1000' });
  });

  afterAll(() => stack.stop());

  test('ends with a record that has each mistake and what holds instead', { timeout: 300_000 }, async () => {
    const people = cast();
    const { admin, presiding, petitioner, respondent, bailiff } = people;
    const say = (path: string, who: Person, body: Json = {}) => post(stack.url, path, who, body);
    const refused = async (...args: Parameters<typeof say>) => {
      const { status, body } = await say(...args);
      return [status, body.code];
    };

    // The draw: two matches in one courtroom at one time, and in the past.
    const matchOf = (title: string) => assignmentBody(people, { title, scheduled_at: '2026-01-05T18:00:00Z' });
    const first = (await must(say('/api/assignment/create', admin, matchOf('First')))).result;
    const second = (await must(say('/api/assignment/create', admin, matchOf('Second')))).result;
    const codes = ({ warnings }: Json) => new Set(warnings.map(({ code }: Json) => code));
    expect(codes(first)).toEqual(new Set(['in_the_past']));
    expect(codes(second)).toEqual(new Set(['in_the_past', 'courtroom_taken', 'person_taken']));
    const session = (await must(say('/api/session/create', presiding, { assignment_id: second.id }))).result;
    const path = `/api/session/${session.id}`;
    const moved = { courtroom: 'Courtroom 9', scheduled_at: '2027-01-05T20:00:00Z', title: 'Second, moved' };
    const { result: updated } = await must(say(`/api/assignment/${second.id}/update`, admin, moved));
    expect(updated).toMatchObject({ title: moved.title, warnings: [] });
    expect(await must(get(stack.url, path, admin))).toMatchObject({ title: moved.title, courtroom: 'Courtroom 9' });

    // The first was entered by mistake, and in the second somebody's name stands for another's.
    await must(say(`/api/assignment/${first.id}/cancel`, admin, { reason: 'Entered twice.' }));
    expect(await refused('/api/session/create', admin, { assignment_id: first.id })).toEqual([
      409,
      'assignment_cancelled',
    ]);
    const replacement = { user_id: randomUUID(), name: 'Judge Adeyemi' };
    const wrongly = { user_id: people.judge.id, replacement };
    const { result: substituted } = await must(say(`/api/assignment/${second.id}/substitute`, admin, wrongly));
    expect(substituted.panel).toContainEqual({ ...replacement, presiding: false });

    // A moderator is to run it, which nobody said before.
    expect(await refused(`${path}/start`, bailiff)).toEqual([403, 'role_not_on_roster']);
    await must(say(`/api/assignment/${second.id}/update`, admin, { moderators_run: true }));
    await must(say(`${path}/start`, bailiff));
    expect(await refused(`/api/assignment/${second.id}/update`, admin, { title: 'x' })).toEqual([
      409,
      'session_started',
    ]);

    // The wrong side is called, and the turn is taken back.
    const { items: turns } = await must(get(stack.url, `${path}/turns`, admin));
    const act = async (verb: string, who: Person, body: Json) => (await must(say(`${path}/${verb}`, who, body))).result;
    await act('turn/start', bailiff, { turn_id: turns[2].id, speaker_id: respondent.id });
    const wrong = await act('turn/void', bailiff, { turn_id: turns[2].id, reason: 'The petitioner begins.' });
    expect(wrong).toMatchObject({ state: 'voided', used_ms: null, replacement: { state: 'planned', order_index: 3 } });
    const page = await must(get(stack.url, `${path}/turns?limit=3`, admin));
    const rest = await must(get(stack.url, `${path}/turns?cursor=${page.next_cursor}`, admin));
    expect([...page.items, ...rest.items].map(({ id }: Json) => id)).toEqual([
      ...[turns[0].id, turns[1].id, turns[2].id, wrong.replacement.id, turns[3].id, turns[4].id],
    ]);

    // The judge has no device: a clerk enters the ruling, in the name of the wrong judge first, and mishears it.
    const turn = { turn_id: turns[0].id };
    await act('turn/start', bailiff, { ...turn, speaker_id: petitioner.id });
    const { id: objection_id } = await act('objection/raise', respondent, { ...turn, ground: 'procedural' });
    const ruling = { objection_id, decision: 'sustained', ruling: 'Rephrase.' };
    const inNameOf = (judge: Person) => refused(`${path}/objection/rule`, admin, { ...ruling, on_behalf_of: judge.id });
    expect(await inNameOf(people.judge)).toEqual([409, 'not_presiding']);
    await act('objection/rule', bailiff, { ...ruling, on_behalf_of: presiding.id });
    const corrected = { objection_id, decision: 'overruled', reason: 'The clerk misheard.' };
    expect(await act('objection/correct', presiding, corrected)).toMatchObject({ state: 'overruled', ruling: null });
    const form = formOf(field('title', 'A map'), file(anotherPdf()));
    const uploaded = await must(post(stack.url, `${path}/exhibit/upload`, petitioner, form, { 'content-type': FORM }));
    const exhibit = { exhibit_id: uploaded.result.id };
    await act('exhibit/mark', bailiff, exhibit);
    await act('exhibit/tender', petitioner, exhibit);
    await act('exhibit/rule', admin, { ...exhibit, decision: 'admitted', on_behalf_of: presiding.id });
    await act('exhibit/correct', presiding, { ...exhibit, decision: 'rejected', reason: 'It was the other map.' });
    await act('turn/extend', admin, { ...turn, extension_ms: 60_000, on_behalf_of: presiding.id });
    // The answer is lost, and the clerk sends it once more.
    const key = { 'idempotency-key': randomUUID() };
    const [once, again] = [
      await must(post(stack.url, `${path}/turn/end`, bailiff, turn, key)),
      await must(post(stack.url, `${path}/turn/end`, bailiff, turn, key)),
    ];
    expect(again).toEqual(once);

    // The round is ended too early, and then as it is meant.
    const early = await say(`${path}/complete`, presiding);
    expect([early.status, early.body.code, early.body.turns.length]).toEqual([409, 'turns_unspoken', 3]);
    await must(say(`${path}/complete`, presiding, { skip_turns: true }));
    expect(await refused(`${path}/objection/correct`, presiding, corrected)).toEqual([409, 'session_completed']);

    const { items } = await must(get(stack.url, `${path}/corrections`, people.student));
    expect(items).toMatchObject([
      { subject: 'turn', subject_id: turns[2].id, replaced_by: wrong.replacement.id, corrected_by: bailiff.id },
      { subject: 'objection', was: { state: 'sustained', ruling: 'Rephrase.', ruled_by: presiding.id } },
      { subject: 'exhibit', was: { state: 'admitted' }, is: { state: 'rejected' }, corrected_by: presiding.id },
    ]);
    const { logs } = await must(get(stack.url, `${path}/logs`, admin));
    const hands = logs.filter(({ event_type }: Json) => event_type.endsWith('_FOR'));
    expect(hands.map(({ actor_id, payload }: Json) => [actor_id, payload.judge_id])).toEqual([
      ...[
        [bailiff.id, presiding.id],
        [admin.id, presiding.id],
        [admin.id, presiding.id],
      ],
    ]);
    expect(logs.filter(({ event_type }: Json) => event_type === 'TURN_ENDED')).toHaveLength(1);
    await expectIntact(stack.url, session.id, admin);
  });
});
