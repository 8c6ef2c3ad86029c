/** Matches from a spreadsheet: the whole way of an import, without a site of others. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, type Json, must, post } from '../support/client.ts';
import { FORM, file, formOf } from '../support/exhibits.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const HEADER = 'id,round,title,courtroom,scheduled_at,petitioner,respondent,panel';
const CSV = { 'content-type': 'text/csv' };

/** Match `n` of round 1, with people of its own. */
function row(
  n: number,
  changes: Partial<Record<'title' | 'courtroom' | 'at' | 'panel' | 'petitioner' | 'round', string>> = {},
) {
  const { title = `Match ${n}`, courtroom = `Room ${n}`, at = '2027-03-01T09:30:00Z', round = '1' } = changes;
  const { panel = `Judge ${n}a;Judge ${n}b`, petitioner = `Pet ${n}a;Pet ${n}b` } = changes;
  return `m${n},${round},${title},${courtroom},${at},${petitioner},Res ${n}a;Res ${n}b,${panel}`;
}
const sheet = (...rows: string[]) => [HEADER, ...rows].join('\n');
const ten = (changed: { [n: number]: string } = {}) =>
  sheet(...Array.from({ length: 10 }, (_, i) => changed[i + 1] ?? row(i + 1)).filter((line) => line !== ''));

describe.skipIf(isLeftOut)('a spreadsheet', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());
  beforeEach(async () => {
    people = cast();
    const naming = { provider: 'csv', name: 'School Moot' };
    const { result } = await must(post(stack.url, '/api/feed/create', people.admin, naming));
    path = `/api/feed/${result.id}`;
  });

  const upload = (
    text: string,
    asking = '',
    headers: Record<string, string> = {},
    who = people.admin,
  ): Promise<Answer> => post(stack.url, `${path}/upload${asking}`, who, text, { ...CSV, ...headers });
  const listed = async (): Promise<Json[]> =>
    (await must(get(stack.url, '/api/assignment/list?limit=200', people.admin))).items;
  const matchOf = (plan: Json, n: number): string =>
    plan.create.find((one: Json) => one.debate === `m${n}`).assignment_id;
  const assignment = (id: string) => must(get(stack.url, `/api/assignment/${id}`, people.admin));

  test('becomes matches once, however often it is uploaded, and a dry run makes none', async () => {
    const planned = await must(upload(ten(), '?dry_run'));
    expect(planned).toMatchObject({ dry_run: true, asks: [], change: [], cancel: [], left: [], conflicts: [] });
    expect(planned.create).toHaveLength(10);
    expect(planned.create[0].assignment_id).toBeNull();
    expect(await listed()).toEqual([]);
    const done = await must(upload(ten(), `?plan=${planned.plan}`));
    expect(done).toMatchObject({ plan: planned.plan, dry_run: false, create: { length: 10 } });
    const match = await assignment(matchOf(done, 3));
    expect(match).toMatchObject({
      ...{ title: 'Match 3', courtroom: 'Room 3', scheduled_at: '2027-03-01T09:30:00.000Z', visibility: 'institution' },
      ...{ format: 'moot-20', institution_id: people.institution_id },
      petitioner: [{ name: 'Pet 3a' }, { name: 'Pet 3b' }],
      panel: [
        { name: 'Judge 3a', presiding: true },
        { name: 'Judge 3b', presiding: false },
      ],
    });
    expect(planned.create.map(({ petitioner }: Json) => petitioner)).toEqual(
      done.create.map(({ petitioner }: Json) => petitioner),
    );
    const again = await must(upload(ten()));
    expect(again).toMatchObject({ create: [], change: [], cancel: [], left: [], conflicts: [] });
    expect(await listed()).toHaveLength(10);
    const { rows } = await stack.pool.query(
      `select distinct actor_id, actor_role, institution_id from commands where name like 'assignment.%' and idempotency_scope = $1`,
      [`feed:${path.split('/').at(-1)}`],
    );
    expect(rows).toEqual([{ actor_id: people.admin.id, actor_role: 'admin', institution_id: people.institution_id }]);
  });

  test('changes what changed there, keeps what changed here, and lists what changed on both sides', async () => {
    const made = await must(upload(ten()));
    const moved = matchOf(made, 1);
    await must(post(stack.url, `/api/assignment/${moved}/update`, people.admin, { courtroom: 'Courtroom 7' }));
    const change = ten({ 1: row(1, { courtroom: 'Hall 1' }), 2: row(2, { panel: 'Judge 2a;Judge 9' }) });
    const changed = await must(upload(change));
    expect(changed.change).toMatchObject([{ debate: 'm2', changes: [{ field: 'panel' }] }]);
    const conflict = { n: 1, assignment_id: moved, field: 'courtroom' };
    expect(changed.conflicts).toEqual([{ ...conflict, base: 'Room 1', ours: 'Courtroom 7', theirs: 'Hall 1' }]);
    expect((await assignment(moved)).courtroom).toBe('Courtroom 7');
    expect((await assignment(matchOf(made, 2))).panel.map(({ name }: Json) => name)).toEqual(['Judge 2a', 'Judge 9']);
    const feed = await must(get(stack.url, path, people.admin));
    expect(feed).toMatchObject({ conflicts: changed.conflicts, unresolved: 0 });
    // Under the same number, for as long as it stands.
    expect((await must(upload(change))).conflicts).toEqual(changed.conflicts);
    expect((await must(upload(ten({ 2: row(2, { panel: 'Judge 2a;Judge 9' }) })))).conflicts).toEqual([]);
    expect((await must(get(stack.url, path, people.admin))).conflicts).toEqual([]);
  });

  test('has its conflicts settled by an admin, with either side', async () => {
    const made = await must(upload(ten()));
    const [one, two] = [matchOf(made, 1), matchOf(made, 2)];
    await must(post(stack.url, `/api/assignment/${one}/update`, people.admin, { courtroom: 'Courtroom 7' }));
    const [judge] = (await assignment(two)).panel;
    const replacement = { user_id: randomUUID(), name: 'Judge Mine' };
    const substitution = { user_id: judge.user_id, replacement };
    await must(post(stack.url, `/api/assignment/${two}/substitute`, people.admin, substitution));
    const change = ten({ 1: row(1, { courtroom: 'Hall 1' }), 2: row(2, { panel: 'Judge 9;Judge 2b' }) });
    const { conflicts } = await must(upload(change));
    expect(conflicts.map(({ n, field }: Json) => [n, field])).toEqual([
      [1, 'courtroom'],
      [2, 'panel'],
    ]);
    const settle = (n: number | string, take: string, headers = {}, who = people.admin) =>
      post(stack.url, `${path}/conflict/${n}`, who, { take }, headers);
    for (const answer of [settle(3, 'ours'), settle('one', 'theirs'), settle(1, 'theirs', {}, cast().admin)]) {
      expect(await answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect(await settle(1, 'mine')).toMatchObject({ status: 422 });
    const headers = { 'idempotency-key': randomUUID() };
    const settled = await must(settle(2, 'theirs', headers));
    expect(settled.result).toEqual({
      id: path.split('/').at(-1),
      n: 2,
      assignment_id: two,
      field: 'panel',
      take: 'theirs',
    });
    expect((await assignment(two)).panel.map(({ name }: Json) => name)).toEqual(['Judge 9', 'Judge 2b']);
    expect(await settle(2, 'theirs', headers)).toMatchObject({ status: 200 });
    expect(await settle(2, 'theirs')).toMatchObject({ status: 404 });
    await must(settle(1, 'ours'));
    expect((await assignment(one)).courtroom).toBe('Courtroom 7');
    expect(await must(get(stack.url, path, people.admin))).toMatchObject({ conflicts: [] });
    expect(await must(upload(change))).toMatchObject({ change: [], conflicts: [] });
    // What changes there afterwards is a conflict again.
    const later = await must(
      upload(ten({ 1: row(1, { courtroom: 'Hall 2' }), 2: row(2, { panel: 'Judge 9;Judge 2b' }) })),
    );
    expect(later.conflicts).toMatchObject([{ n: 3, field: 'courtroom', base: 'Hall 1', ours: 'Courtroom 7' }]);
  });

  test('has a person taken from there by name, who was linked since the conflict was found', async () => {
    const made = await must(upload(ten()));
    const [judge] = (await assignment(matchOf(made, 1))).panel;
    const replacement = { user_id: randomUUID(), name: 'Judge Mine' };
    const substitution = { user_id: judge.user_id, replacement };
    await must(post(stack.url, `/api/assignment/${matchOf(made, 1)}/substitute`, people.admin, substitution));
    expect((await must(upload(ten({ 1: row(1, { panel: 'Judge 9;Judge 1b' }) })))).conflicts).toHaveLength(1);
    const linked = { provider_id: 'judge 9', user_id: randomUUID() };
    await must(post(stack.url, `${path}/people/link`, people.admin, linked));
    await must(post(stack.url, `${path}/conflict/1`, people.admin, { take: 'theirs' }));
    const names = (await assignment(matchOf(made, 1))).panel.map(({ name }: Json) => name);
    expect(names).toEqual(['Judge 9', 'Judge 1b']);
  });

  test('keeps a conflict that its match refuses to settle', async () => {
    const made = await must(upload(ten()));
    const assignment_id = matchOf(made, 1);
    await must(post(stack.url, `/api/assignment/${assignment_id}/update`, people.admin, { courtroom: 'Courtroom 7' }));
    await must(upload(ten({ 1: row(1, { courtroom: 'Hall 1' }) })));
    const { result } = await must(post(stack.url, '/api/session/create', people.admin, { assignment_id }));
    await must(post(stack.url, `/api/session/${result.id}/start`, people.admin));
    const refused = await post(stack.url, `${path}/conflict/1`, people.admin, { take: 'theirs' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'session_started' } });
    expect((await must(get(stack.url, path, people.admin))).conflicts).toHaveLength(1);
  });

  test('names people who are somebody here, and an admin says who; it counts from the next import on', async () => {
    const made = await must(upload(sheet(row(1))));
    const match = await assignment(matchOf(made, 1));
    const first = await must(get(stack.url, `${path}/people?limit=4`, people.admin));
    const rest = await must(get(stack.url, `${path}/people?cursor=${first.next_cursor}`, people.admin));
    const named = [...first.items, ...rest.items];
    expect(named.map(({ provider_id, kind, linked }: Json) => [provider_id, kind, linked])).toEqual([
      ['judge 1a', 'adjudicator', false],
      ['judge 1b', 'adjudicator', false],
      ...['pet 1a', 'pet 1b', 'res 1a', 'res 1b'].map((id) => [id, 'speaker', false]),
    ]);
    expect(named[0]).toMatchObject({ name: 'Judge 1a', user_id: match.panel[0].user_id });
    const link = (body: Json, who = people.admin) => post(stack.url, `${path}/people/link`, who, body);
    const linked = { provider_id: 'judge 1a', user_id: people.presiding.id };
    expect((await must(link(linked))).result).toMatchObject({ ...linked, linked: true });
    expect((await assignment(match.id)).panel[0].user_id).toBe(match.panel[0].user_id);
    const after = await must(get(stack.url, `${path}/people?limit=1`, people.admin));
    expect(after.items).toMatchObject([{ ...linked, linked: true }]);
    const { plan, change } = await must(upload(sheet(row(1)), '?dry_run'));
    expect(change).toMatchObject([{ debate: 'm1', changes: [{ field: 'panel' }] }]);
    await must(upload(sheet(row(1)), `?plan=${plan}`));
    expect((await assignment(match.id)).panel[0]).toMatchObject({ user_id: people.presiding.id, presiding: true });
    expect(await link({ provider_id: 'nobody', user_id: randomUUID() })).toMatchObject({ status: 404 });
    const others = cast();
    expect(await link(linked, others.admin)).toMatchObject({ status: 404 });
    expect(await get(stack.url, `${path}/people`, others.admin)).toMatchObject({ status: 404 });
  });

  test('asks before it cancels, changes more than a fifth or touches a session under way', async () => {
    const made = await must(upload(ten()));
    const confirm = async (text: string, asks: string[]) => {
      const refused = await upload(text);
      expect(refused).toMatchObject({ status: 409, body: { code: 'confirm_plan', asks } });
      const { plan } = await must(upload(text, '?dry_run=true'));
      expect(refused.body.plan).toBe(plan);
      return must(upload(text, `?plan=${plan}`));
    };
    const without = ten({ 10: '' });
    const stale = await upload(without, `?plan=${made.plan}`);
    expect(stale).toMatchObject({ status: 409, body: { code: 'confirm_plan' } });
    expect(await confirm(without, ['cancels'])).toMatchObject({ cancel: [{ debate: 'm10' }] });
    expect((await assignment(matchOf(made, 10))).cancelled_at).not.toBeNull();
    const rooms = Object.fromEntries([1, 2, 3].map((n) => [n, row(n, { courtroom: `Hall ${n}` })]));
    const change = ten({ ...rooms, 10: '' });
    expect(await confirm(change, ['over_20_percent'])).toMatchObject({ change: { length: 3 } });
    const assignment_id = matchOf(made, 4);
    const { result } = await must(post(stack.url, '/api/session/create', people.admin, { assignment_id }));
    await must(post(stack.url, `/api/session/${result.id}/start`, people.admin));
    const replaced = ten({ ...rooms, 4: row(4, { courtroom: 'Hall 4', panel: 'Judge 9;Judge 4b' }), 10: '' });
    const confirmed = await confirm(replaced, ['active_session']);
    expect(confirmed).toMatchObject({ change: [{ debate: 'm4' }], left: [{ debate: 'm4', why: 'session_started' }] });
    const after = await assignment(assignment_id);
    expect(after).toMatchObject({ courtroom: 'Room 4', panel: [{ name: 'Judge 9', presiding: true }, {}] });
  });

  test('two uploads at once are done one after the other, and nothing is made twice', async () => {
    const both = await Promise.all([upload(ten()), upload(ten()), upload(ten())]);
    expect(both.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(both.map(({ body }) => body.create.length).sort()).toEqual([0, 0, 10]);
    expect(await listed()).toHaveLength(10);
  });

  test('under an Idempotency-Key it is one run, whose answer is the same, and never another', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await must(upload(ten(), '', headers));
    const again = await upload(ten(), '', headers);
    expect(again).toMatchObject({ status: 200, body: first });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await upload(sheet(row(1)), '', headers)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
  });

  test('answers 202 where nobody waits, and the run tells how it came out', async () => {
    const answer = await upload(ten(), '', { prefer: 'respond-async' });
    expect(answer).toMatchObject({ status: 202, body: { status: 'running', run_id: expect.any(String) } });
    const location = answer.headers.get('location')!;
    await expect.poll(async () => (await get(stack.url, location, people.admin)).status, { timeout: 20_000 }).toBe(200);
    const run = await must(get(stack.url, location, people.admin));
    expect(run).toMatchObject({ run_id: answer.body.run_id, kind: 'upload', result: { create: { length: 10 } } });
    const others = cast();
    expect((await get(stack.url, location, others.admin)).status).toBe(404);
  });

  test('comes as a form too', async () => {
    const headers = { 'content-type': FORM };
    const done = await post(stack.url, `${path}/upload`, people.admin, formOf(file(Buffer.from(ten()))), headers);
    expect(done).toMatchObject({ status: 200, body: { create: { length: 10 } } });
  });

  test.each<[string, string, string]>([
    ['no header', row(1), '/1/id'],
    ['a time without its zone', sheet(row(1, { at: '2027-03-01T09:30' })), '/2/scheduled_at'],
    ['a round that is none', sheet(row(1, { round: 'one' })), '/2/round'],
    ['an id twice', sheet(row(1), row(1)), '/3/id'],
    ['nothing in it', HEADER, '/1'],
    ['no bytes', '', '/1'],
  ])('is refused with %s, by its line', async (_, text, pointer) => {
    const answer = await upload(text);
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect(answer.body.errors.map((one: Json) => one.pointer)).toContain(pointer);
  });

  test('is refused where it is too large, of another type, for another feed, or asked for strangely', async () => {
    const many = sheet(...Array.from({ length: 20_000 }, (_, i) => row(i)));
    expect(await upload(many)).toMatchObject({ status: 413, body: { code: 'too_large' } });
    expect(await upload('{}', '', { 'content-type': 'application/json' })).toMatchObject({ status: 415 });
    expect(await upload(ten(), '?plan=latest')).toMatchObject({ status: 422 });
    expect(await upload(ten(), '?round=1')).toMatchObject({ status: 422 });
    const site = { provider: 'tabbycat', name: 'Harbour', base_url: 'https://1.1.1.1', tournament: 'harbour' };
    const { result } = await must(post(stack.url, '/api/feed/create', people.admin, site));
    const other = await post(stack.url, `/api/feed/${result.id}/upload`, people.admin, ten(), CSV);
    expect(other).toMatchObject({ status: 422, body: { errors: [{ pointer: '/provider' }] } });
    expect(await listed()).toEqual([]);
  });

  test('is refused to strangers, to other roles, and where the feed is switched off', async () => {
    const others = cast();
    expect(await upload(ten(), '', {}, others.admin)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await upload(ten(), '', {}, people.presiding)).toMatchObject({ status: 403 });
    await must(post(stack.url, `${path}/disable`, people.admin));
    expect(await upload(ten())).toMatchObject({ status: 409, body: { code: 'feed_disabled' } });
  });

  test('what cannot be brought in is left, and counted', async () => {
    const text = sheet(row(1), row(2, { courtroom: '' }), row(3, { at: '' }), row(4, { panel: '' }));
    const done = await must(upload(text));
    expect(done.left).toEqual([
      { debate: 'm2', why: 'no_venue' },
      { debate: 'm3', why: 'no_time' },
      { debate: 'm4', why: 'no_chair' },
    ]);
    expect((await must(get(stack.url, path, people.admin))).unresolved).toBe(3);
  });
});
