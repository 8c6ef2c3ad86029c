/** Our own rooms as matches, over HTTP: their phases, who may see them, and what happened in them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { get, type Json, must, type Person, person, post } from '../support/client.ts';
import { openWorld, type World } from '../support/everybody.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

let stack: Stack;
let world: World;

beforeAll(async () => {
  stack = await startStack();
  world = openWorld(stack);
});

afterAll(() => stack.stop());

const admin = () => world.people.admin;
const read = (path: string, who = admin()) => get(world.url(), `/api/match/${path}`, who);

/** Rooms are read after the commit, so what was done is there soon. */
async function until(id: string, wanted: Json): Promise<Json> {
  return vi.waitFor(async () => {
    const { status, body } = await read(id);
    expect({ status, ...body }).toMatchObject({ status: 200, ...wanted });
    return body;
  }, PATIENCE);
}

test('a room is a match from its assignment on, and goes through its phases with its session', async () => {
  const { session_id, assignment_id } = await world.open('institution');
  const found = await until(assignment_id, { phase: 'pre_match', provider: 'internal', session_id });
  expect(found).toMatchObject({ id: assignment_id, assignment_id, score: null, speaker: null, disputes: [] });
  const path = `/api/session/${session_id}`;
  await must(post(world.url(), `${path}/start`, admin()));
  await until(assignment_id, { phase: 'live', speaker: null });
  const { items } = await must(get(world.url(), `${path}/turns`, admin()));
  const { petitioner } = world.people;
  await must(post(world.url(), `${path}/join`, petitioner, { role: 'petitioner' }));
  await must(post(world.url(), `${path}/turn/start`, admin(), { turn_id: items[0].id, speaker_id: petitioner.id }));
  const speaking = await until(assignment_id, { speaker: { side: 'petitioner', deadline: expect.any(String) } });
  expect(speaking.version).toBeGreaterThan(found.version);
  await must(post(world.url(), `${path}/pause`, admin(), {}));
  await until(assignment_id, { phase: 'break', speaker: null });

  const { body: state } = await read(`${assignment_id}/state`);
  expect(state).toMatchObject({ match_id: assignment_id, state: { phase: 'break' }, stats: null });
  const first = await must(read(`${assignment_id}/events?limit=2`));
  const rest = await must(read(`${assignment_id}/events?cursor=${first.next_cursor}`));
  const events = [...first.items, ...rest.items];
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const phases = events.filter(({ kind }) => kind === 'phase').map(({ details }) => details.to);
  expect(phases.slice(-2)).toEqual(['live', 'break']);
  expect(events.map(({ confidence }) => confidence)).toEqual(events.map(() => 95));
});

test('matches are listed by their time, in a phase where one is named, page by page, to those who may see them', async () => {
  const visibilities = ['private', 'institution', 'public'] as const;
  const ids: string[] = [];
  for (const visibility of visibilities) {
    const { assignment_id } = await world.open(visibility);
    await until(assignment_id, { phase: 'pre_match' });
    ids.push(assignment_id);
  }
  async function listed(who: Person, query = ''): Promise<string[]> {
    const found: string[] = [];
    let cursor = '';
    do {
      const page = await must(read(`list?limit=2${query}${cursor}`, who));
      found.push(...page.items.map(({ id }: Json) => id));
      cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
    } while (cursor);
    return ids.filter((id) => found.includes(id));
  }
  const { institution_id } = world.people;
  expect(await listed(admin())).toEqual(ids);
  expect(await listed(admin(), '&state=pre_match')).toEqual(ids);
  expect(await listed(admin(), '&state=live')).toEqual([]);
  expect(await listed(person('judge', { institution_id }))).toEqual(ids.slice(1));
  expect(await listed(world.people.petitioner)).toEqual(ids);
  const stranger = person('admin', { institution_id: randomUUID() });
  expect(await listed(stranger)).toEqual(ids.slice(2));
  expect((await read(ids[0]!, stranger)).status).toBe(404);
  expect((await read(`${ids[0]!}/events`, stranger)).status).toBe(404);
  expect((await read(`${ids[0]!}/state`, stranger)).status).toBe(404);
});

test('a match is read as a calendar by those who may see it', async () => {
  const { assignment_id } = await world.open('institution');
  await until(assignment_id, { phase: 'pre_match' });
  const answer = await read(`${assignment_id}/calendar.ics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
  expect(answer.body.text).toMatch(/^BEGIN:VCALENDAR\r\n[\s\S]*\r\nEND:VCALENDAR\r\n$/);
  expect(answer.body.text).toContain(`UID:${assignment_id}@`);
  const stranger = person('judge', { institution_id: randomUUID() });
  for (const [id, who] of [
    [assignment_id, stranger],
    [randomUUID(), admin()],
    ['no-uuid', admin()],
  ] as const) {
    expect((await read(`${id}/calendar.ics`, who)).status).toBe(404);
  }
});

test('what is no phase, no match and no id is refused', async () => {
  expect((await read('list?state=running')).status).toBe(422);
  for (const path of ['no-uuid', randomUUID()]) {
    for (const of of ['', '/state', '/events']) expect((await read(`${path}${of}`)).status).toBe(404);
  }
  expect((await read(`${randomUUID()}/events?cursor=x`)).status).toBe(422);
});
