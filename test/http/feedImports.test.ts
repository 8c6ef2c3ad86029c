/** A round of a Tabbycat is brought in, over the network and by a worker: what an admin sees of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { startTabbycat, type TestTabbycat } from '../support/tabbycat.ts';

describe.skipIf(isLeftOut)('a round of a Tabbycat', () => {
  let stack: Stack;
  let people: Cast;
  let site: TestTabbycat;
  let secrets: string;
  let path: string;

  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
    stack = await startStack({ FEED_SECRETS_DIR: secrets, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(secrets, { recursive: true, force: true });
  });
  beforeEach(async () => {
    people = cast();
    site = await startTabbycat({ rounds: 2, rooms: 8 });
    const folder = join(secrets, people.institution_id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tab'), JSON.stringify({ origin: site.url, token: site.token }));
    const naming = { provider: 'tabbycat', name: 'Spring Moot', base_url: site.url, tournament: site.slug };
    const { result } = await must(post(stack.url, '/api/feed/create', people.admin, { ...naming, secret_ref: 'tab' }));
    path = `/api/feed/${result.id}`;
    return () => site.stop();
  });

  const ask = (verb: string, body: Json = {}, who = people.admin) => post(stack.url, `${path}/${verb}`, who, body);
  const AT = { scheduled_at: '2027-03-01T09:30:00Z' };
  const listed = async (): Promise<Json[]> =>
    (await must(get(stack.url, '/api/assignment/list?limit=200', people.admin))).items;

  test('becomes matches, and a judge who is replaced there is replaced here', async () => {
    site.setDraw(1, 'R');
    const done = await must(ask('import', { round: 1, ...AT }));
    expect(done).toMatchObject({ create: { length: 8 }, left: [], conflicts: [] });
    const debate = site.round(1).debates[0]!;
    site.state.adjudicators.push({ id: 9_999, name: 'Judge Late', code_name: 'L', anonymous: false });
    debate.chair = 9_999;
    const again = await must(ask('import', { round: 1, ...AT }));
    expect(again.change).toMatchObject([{ debate: String(debate.id), changes: [{ field: 'panel' }] }]);
    const made = done.create.find((one: Json) => one.debate === String(debate.id));
    const { panel } = await must(get(stack.url, `/api/assignment/${made.assignment_id}`, people.admin));
    expect(panel[0]).toMatchObject({ name: 'Judge Late', presiding: true });
    expect(await listed()).toHaveLength(8);
    expect(await must(get(stack.url, path, people.admin))).toMatchObject({ breaker: 'closed', unresolved: 0 });
  });

  test('has people told whose room was moved there, and whose judge was replaced', async () => {
    site.setDraw(1, 'R');
    const done = await must(ask('import', { round: 1, ...AT }));
    const debate = site.round(1).debates[0]!;
    const { assignment_id } = done.create.find((one: Json) => one.debate === String(debate.id));
    const { panel, petitioner } = await must(get(stack.url, `/api/assignment/${assignment_id}`, people.admin));
    site.state.venues.push({ ...site.state.venues[0]!, id: 9_998, name: 'Great Hall', display_name: 'Great Hall' });
    debate.venue = 9_998;
    site.state.adjudicators.push({ id: 9_999, name: 'Judge Late', code_name: 'L', anonymous: false });
    debate.chair = 9_999;
    await must(ask('import', { round: 1, ...AT }));
    const { institution_id } = people;
    const toldTo = async (role: string, { user_id: id }: Json): Promise<string> => {
      const { items } = await must(get(stack.url, '/notifications', person(role, { institution_id, id })));
      return items.map(({ text }: Json) => text).join();
    };
    const patience = { timeout: 20_000 };
    await expect.poll(() => toldTo('participant', petitioner[0]), patience).toMatch(/has moved to .*Great Hall/);
    // The judge who was replaced is concerned, too.
    await expect.poll(() => toldTo('judge', panel[0]), patience).toMatch(/A judge of .* was replaced/);
  });

  test('is the same matches where its draw was made anew with other ids, and others where the teams are others', async () => {
    site.setDraw(1, 'R');
    const first = await must(ask('import', { round: 1, ...AT }));
    site.regenerate(1);
    const same = await must(ask('import', { round: 1, ...AT, dry_run: true }));
    expect(same).toMatchObject({ create: [], cancel: [] });
    const { plan, asks } = same;
    await must(ask('import', { round: 1, ...AT, ...(asks.length > 0 && { plan }) }));
    expect((await listed()).map(({ id }) => id).sort()).toEqual(
      first.create.map(({ assignment_id }: Json) => assignment_id).sort(),
    );
    site.regenerate(1, 'others');
    const others = await ask('import', { round: 1, ...AT });
    expect(others).toMatchObject({ status: 409, body: { code: 'confirm_plan' } });
  });

  test('is synced: people are known, and what is not released is not brought in', async () => {
    site.setDraw(1, 'C');
    expect(await ask('import', { round: 1, ...AT })).toMatchObject({
      status: 409,
      body: { code: 'draw_not_released' },
    });
    const synced = await must(ask('sync'));
    expect(synced).toMatchObject({ rounds: 2, change: [], left: [] });
    expect(synced.people).toBeGreaterThan(8);
    expect((await must(get(stack.url, path, people.admin))).last_sync).toBe(synced.last_sync);
    const { items } = await must(get(stack.url, `${path}/people?limit=200`, people.admin));
    expect(items.length).toBe(synced.people);
    expect(await must(ask('import', { round: 1, ...AT, unreleased: true }))).toMatchObject({ create: { length: 8 } });
    expect((await listed()).map(({ visibility }) => visibility)).toEqual(Array(8).fill('private'));
    site.setDraw(1, 'R');
    expect((await must(ask('sync'))).change).toHaveLength(8);
    expect((await listed()).map(({ visibility }) => visibility)).toEqual(Array(8).fill('institution'));
    expect(await listed()).toHaveLength(8);
  });

  test('is synced with who may be drawn in it, where an admin asks for that', async () => {
    site.round(2).available = ['teams/101', 'adjudicators/3001', 'venues/7001'];
    const { availabilities } = await must(ask('sync', { availabilities: 2 }));
    expect(availabilities).toEqual({ round: 2, teams: ['101'], adjudicators: ['3001'], venues: ['7001'] });
    expect(await must(ask('sync'))).not.toHaveProperty('availabilities');
    site.permissions.delete('view_roundavailability');
    const refused = { status: 409, body: { code: 'provider_failed', why: 'not_permitted' } };
    expect(await ask('sync', { availabilities: 2 })).toMatchObject(refused);
    for (const round of [0, '2', null])
      expect(await ask('sync', { availabilities: round })).toMatchObject({ status: 422 });
  });

  test('is refused where the site fails, in words that quote nothing of it', async () => {
    site.setDraw(1, 'R');
    site.permissions.clear();
    const answer = await ask('import', { round: 1, ...AT });
    expect(answer).toMatchObject({ status: 409, body: { code: 'provider_failed' } });
    expect(JSON.stringify(answer.body)).not.toContain(site.token);
    site.permissions.add('view_settings');
    expect(await ask('import', { round: 9 })).toMatchObject({ status: 422 });
    expect(await listed()).toEqual([]);
  });

  test.each([
    ['500s', { kind: 'fail' }, 'failing'],
    ['429s', { kind: 'limit', retry_after: '0' }, 'rate_limited'],
    ['connections that are closed', { kind: 'hang_up' }, 'unreachable'],
    ['50 MiB', { kind: 'huge' }, 'too_large'],
    ['broken JSON', { kind: 'broken' }, 'unreadable'],
    ['a redirect to a private address', { kind: 'redirect', to: 'http://169.254.169.254/latest' }, 'redirected'],
    ['pages that loop', { kind: 'next', path: '/teams' }, 'endless_pages'],
  ] as const)('is refused where the site answers with %s, and brought in once it is mended', async (_, fault, why) => {
    site.fail(fault);
    const refused = await ask('import', { round: 1, ...AT });
    expect(refused).toMatchObject({ status: 409, body: { code: 'provider_failed', why } });
    expect(JSON.stringify(refused.body)).not.toMatch(/secret@|169\.254/);
    expect(await listed()).toEqual([]);
    site.mend();
    expect(await must(ask('import', { round: 1, ...AT }))).toMatchObject({ create: { length: 8 } });
  });

  test('names what it leaves: a team that stands in two debates, and a time that no zone is known of', async () => {
    const [first, second] = site.round(1).debates;
    second!.teams[0]!.team = first!.teams[0]!.team;
    const done = await must(ask('import', { round: 1, ...AT }));
    const twice = [first, second].map((debate) => ({ debate: String(debate!.id), why: 'team_twice' }));
    expect(done).toMatchObject({ create: { length: 6 }, left: twice });
    site.setDraw(2, 'R');
    site.state.timezone = 'Nowhere/Atlantis';
    site.round(2).starts_at = '2027-03-01T09:00:00';
    const { create, left } = await must(ask('import', { round: 2 }));
    expect([create, left.map(({ why }: Json) => why)]).toEqual([[], Array(8).fill('no_time')]);
  });

  test('whose every id has changed is looked at by an admin before anything of it is called off', async () => {
    await must(ask('import', { round: 1, ...AT }));
    const before = await listed();
    site.renumber();
    const { status, body } = await ask('import', { round: 1, ...AT });
    expect([status, body.code]).toEqual([409, 'confirm_plan']);
    expect(body.asks).toContain('cancels');
    expect(await listed()).toEqual(before);
  });

  test.each([
    {},
    { round: 0 },
    { round: '1' },
    { round: 1, format: 'none' },
    { round: 1, plan: 'x' },
    { round: 1, who: 1 },
  ])('is not asked for with %j', async (body) => {
    expect(await ask('import', body)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });
});
