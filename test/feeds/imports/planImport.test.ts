/** What an import would do: every rule of the three ways, of what is left, and of what somebody has to look at first. */
import { describe, expect, test } from 'vitest';
import { type Base, FIELDS, type Values, valuesOf, type Wanted } from '../../../src/feeds/imports/fields.ts';
import { type Known, type Ours, planImport } from '../../../src/feeds/imports/planImport.ts';
import type { Terms } from '../../../src/feeds/imports/wanted.ts';
import type { Debate, Round } from '../../../src/feeds/providers/provider.ts';
import { debateOf, roundOf } from '../../support/rounds.ts';

const userOf = (id: string) => `user of ${id}`;
const plan = (round: Round, known: readonly Known[] = [], terms: Terms = {}) =>
  planImport(round, known, { terms, visibility: 'institution', userOf });

const idOf = (debate: string) => `assignment of ${debate}`;

/** As it is known after it was imported. */
function known(
  debate: Debate,
  ours: Partial<Ours> | null = {},
  base: Partial<Base> = {},
  round = roundOf([debate]),
): Known {
  const [created] = plan(round).create;
  const values = valuesOf(created!.match);
  const teams = debate.teams.map(({ id }) => id);
  return {
    ...{ debate: debate.id, round: round.seq, assignment_id: idOf(debate.id) },
    base: { ...values, teams, released_as: 'institution', cancelled: false, ...base },
    ours: ours && { ...values, is_cancelled: false, session: null, ...ours },
  };
}

/** Ten matches as they were imported; one in ten may change without anybody looking at it. */
const TEN = Array.from({ length: 10 }, (_, i) => debateOf(i + 1));
const tenKnown = (changed?: Known) => [
  ...(changed ? [changed] : []),
  ...TEN.slice(changed ? 1 : 0).map((one) => known(one)),
];
const withFirst = (changes: Partial<Debate>) => roundOf([debateOf(1, changes), ...TEN.slice(1)]);
const panelOf = (...judges: string[]) =>
  judges.map((id, i) => ({ id, name: `Judge ${id}`, place: i === 0 ? ('chair' as const) : ('panellist' as const) }));

const NOTHING = { create: [], change: [], cancel: [], left: [], conflicts: [], orders: [], asks: [] };

describe('a debate that is new', () => {
  test('becomes a match, whose panel has its chair first and no trainee', () => {
    const { create, orders, mapped, asks } = plan(roundOf([debateOf(1)]));
    const person = (id: string, name: string) => ({ user_id: userOf(id), name });
    expect(create).toEqual([
      {
        ...{ debate: 'd1', assignment_id: null },
        match: {
          ...{ title: 'Team 1 v. Team 2', courtroom: 'Room 1', scheduled_at: '2026-11-28T10:00:00.000Z' },
          ...{ visibility: 'institution', format: 'moot-20' },
          petitioner: [person('s1.1', 'Speaker 1.1'), person('s1.2', 'Speaker 1.2')],
          respondent: [person('s2.1', 'Speaker 2.1'), person('s2.2', 'Speaker 2.2')],
          panel: [person('j1.1', 'Judge 1.1'), person('j1.2', 'Judge 1.2'), person('j1.3', 'Judge 1.3')],
        },
      },
    ]);
    expect({ orders, asks }).toEqual({ orders: [], asks: [] });
    expect(mapped).toMatchObject([{ debate: 'd1', round: 1, base: { teams: ['t1', 't2'], cancelled: false } }]);
  });

  test('is not counted among what changes, however many there are', () => {
    expect(plan(roundOf(TEN), [known(TEN[0]!)])).toMatchObject({ create: { length: 9 }, change: [], asks: [] });
  });

  test('takes its own time, or else that of the import, or else that of the round', () => {
    const times = (debate: Partial<Debate>, terms: Terms, round: Partial<Round> = {}) =>
      plan(roundOf([debateOf(1, debate)], round), [], terms).create[0]?.match.scheduled_at;
    const [own, asked] = ['2026-11-28T12:00:00.000Z', '2026-11-28T11:00:00.000Z'];
    expect(times({ starts_at: own }, { scheduled_at: asked })).toBe(own);
    expect(times({}, { scheduled_at: asked })).toBe(asked);
    expect(times({}, {})).toBe('2026-11-28T10:00:00.000Z');
    expect(times({}, {}, { starts_at: null })).toBeUndefined();
  });

  test('is private while its draw is not released, and then what was asked for', () => {
    const visibility = (draw_status: 'C' | 'R', terms: Terms) =>
      plan(roundOf([debateOf(1)], { draw_status }), [], terms).create[0]!.match.visibility;
    expect(visibility('C', { unreleased: true, visibility: 'public' })).toBe('private');
    expect(visibility('R', { visibility: 'public' })).toBe('public');
    expect(visibility('R', {})).toBe('institution');
  });

  test('keeps its own title and the format of the import', () => {
    const { match } = plan(roundOf([debateOf(1, { title: 'The Final' })]), [], { format: 'amta' }).create[0]!;
    expect(match).toMatchObject({ title: 'The Final', format: 'amta' });
  });
});

test('what is known of a match is of now in all that no merge decides: teams, how it was released, and that it is there', () => {
  const before = known(debateOf(1), {}, { teams: ['t8', 't9'], released_as: 'public', cancelled: true });
  const { mapped } = plan(roundOf([debateOf(1)]), [before], { visibility: 'private' });
  expect(mapped).toMatchObject([{ base: { teams: ['t1', 't2'], released_as: 'private', cancelled: false } }]);
});

describe('what is not guessed but left', () => {
  const [one, two] = debateOf(1).teams as [Debate['teams'][0], Debate['teams'][0]];
  const others = debateOf(2).teams.map((team) => ({ ...team, side: 'other' as const }));
  test.each<[string, Partial<Debate>]>([
    ['bye', { teams: [{ ...one, side: 'bye' }] }],
    ['bye', { teams: [one, { ...two, side: 'bye' }] }],
    ['four_teams', { teams: [one, two, ...others] }],
    ['four_teams', { teams: [one, { ...two, side: 'other' }] }],
    ['four_teams', { teams: [one] }],
    ['sides_not_confirmed', { sides_confirmed: false }],
    ['no_chair', { panel: debateOf(1).panel.filter(({ place }) => place !== 'chair') }],
    ['no_chair', { panel: [] }],
    ['no_venue', { venue: null }],
    ['no_speakers', { teams: [one, { ...two, speakers: [] }] }],
    ['anonymous_names', { teams: [one, { ...two, name: null }] }],
    ['anonymous_names', { teams: [one, { ...two, speakers: [{ id: 's9', name: null }] }] }],
    ['anonymous_names', { panel: [{ id: 'j9', name: null, place: 'chair' }] }],
    ['person_twice', { panel: [{ id: 's1.1', name: 'Speaker 1.1', place: 'chair' }] }],
    ['too_many_people', { panel: panelOf(...Array.from({ length: 21 }, (_, i) => `j${i}`)) }],
  ])('%s', (why, changes) => {
    const planned = plan(roundOf([debateOf(1, changes)]));
    expect(planned).toMatchObject({ ...NOTHING, left: [{ debate: 'd1', why }] });
  });

  test('no_time, where neither the debate nor the round nor the import has one', () => {
    const round = roundOf([debateOf(1)], { starts_at: null });
    expect(plan(round).left).toEqual([{ debate: 'd1', why: 'no_time' }]);
    expect(plan(round, [], { scheduled_at: '2026-11-28T10:00:00Z' })).toMatchObject({
      left: [],
      create: { length: 1 },
    });
  });

  test('a team that stands in two debates of a round, and an id that stands twice', () => {
    const again = debateOf(2, { teams: [one, debateOf(2).teams[1]!] });
    expect(plan(roundOf([debateOf(1), again, debateOf(3)]))).toMatchObject({
      create: [{ debate: 'd3' }],
      left: [
        { debate: 'd1', why: 'team_twice' },
        { debate: 'd2', why: 'team_twice' },
      ],
    });
    const twice = plan(roundOf([debateOf(1), { ...debateOf(2), id: 'd1' }]));
    expect(twice).toMatchObject({ create: [], left: [{ debate: 'd1', why: 'debate_twice' }] });
  });

  test('a match that there is stays as it is where its debate is left, and is not called off', () => {
    const planned = plan(withFirst({ venue: null }), tenKnown());
    expect(planned).toMatchObject({ ...NOTHING, left: [{ debate: 'd1', why: 'no_venue' }] });
  });

  test('an id that is a match of another round already', () => {
    const planned = plan(roundOf([debateOf(1)], { seq: 2 }), [known(debateOf(1))]);
    expect(planned).toMatchObject({ ...NOTHING, left: [{ debate: 'd1', why: 'other_round' }] });
  });
});

describe('three ways', () => {
  test('what is as it was changes nothing', () => {
    expect(plan(roundOf(TEN), tenKnown())).toMatchObject(NOTHING);
  });

  const moved = { venue: { id: 'v9', name: 'Hall 9' } };

  test('what changed there alone is taken', () => {
    const { orders, change, asks, mapped } = plan(withFirst(moved), tenKnown());
    expect(orders).toEqual([
      {
        ...{ name: 'assignment.update', debate: 'd1', assignment_id: idOf('d1') },
        ...{ input: { courtroom: 'Hall 9' }, keeps: { courtroom: 'Hall 9' } },
      },
    ]);
    const changes = [{ field: 'courtroom', ours: 'Room 1', theirs: 'Hall 9' }];
    expect(change).toEqual([{ debate: 'd1', assignment_id: idOf('d1'), title: 'Team 1 v. Team 2', changes }]);
    expect(asks).toEqual([]);
    // Until the command is applied.
    expect(mapped.find(({ debate }) => debate === 'd1')!.base.courtroom).toBe('Room 1');
  });

  test('what changed here alone stays', () => {
    const here = known(TEN[0]!, { courtroom: 'Courtroom 7' });
    expect(plan(roundOf(TEN), tenKnown(here))).toMatchObject(NOTHING);
  });

  test('what changed on both sides stays, and is listed', () => {
    const here = known(TEN[0]!, { courtroom: 'Courtroom 7' });
    const conflict = { field: 'courtroom', base: 'Room 1', ours: 'Courtroom 7', theirs: 'Hall 9' };
    expect(plan(withFirst(moved), tenKnown(here))).toMatchObject({
      ...NOTHING,
      conflicts: [{ debate: 'd1', assignment_id: idOf('d1'), ...conflict }],
    });
  });

  test('what both sides changed to the same is known from then on', () => {
    const here = known(TEN[0]!, { courtroom: 'Hall 9' });
    const { mapped, ...planned } = plan(withFirst(moved), tenKnown(here));
    expect(planned).toMatchObject(NOTHING);
    expect(mapped.find(({ debate }) => debate === 'd1')!.base.courtroom).toBe('Hall 9');
  });

  test.each(FIELDS)('%s is a field of its own: its conflict keeps no other from being taken', (field) => {
    const other = field === 'title' ? 'courtroom' : 'title';
    const changed = { title: 'The Final', venue: { id: 'v9', name: 'Hall 9' } };
    const teams = debateOf(1).teams.map((team) => ({ ...team, speakers: [{ id: `x${team.id}`, name: 'A New One' }] }));
    const judges = panelOf('j1.1', 'j1.2', 'j9');
    const round = withFirst({ ...changed, teams, panel: judges, starts_at: '2026-11-28T15:00:00.000Z' });
    const mine: Partial<Values> = {
      ...{ title: 'Mine', courtroom: 'Mine', scheduled_at: '2026-11-28T16:00:00.000Z', visibility: 'private' },
      ...{ format: 'amta', petitioner: ['mine'], respondent: ['mine'], panel: ['mine'] },
    };
    const here = known(TEN[0]!, { [field]: mine[field] });
    const planned = plan(round, [here], { visibility: 'public', format: 'price' });
    expect(planned.conflicts.map((one) => one.field)).toEqual([field]);
    expect(planned.change[0]!.changes.map((one) => one.field)).toContain(other);
    expect(planned.change[0]!.changes.map((one) => one.field)).not.toContain(field);
  });

  test('the order of a side, and of a panel behind its chair, means nothing', () => {
    const { teams, panel } = debateOf(1);
    const turned = teams.map((team) => ({ ...team, speakers: team.speakers.toReversed() }));
    expect(plan(withFirst({ teams: turned, panel: panel.toReversed() }), tenKnown())).toMatchObject(NOTHING);
  });

  test('an import that says nothing of time, format and visibility leaves them as they were imported', () => {
    const first = known(TEN[0]!, {}, {}, roundOf([TEN[0]!], { starts_at: '2026-11-28T10:00:00.000Z' }));
    const values: Partial<Ours> = { format: 'amta', visibility: 'public' };
    const before = {
      ...first,
      base: { ...first.base, ...values, released_as: 'public' as const },
      ours: { ...first.ours!, ...values },
    };
    expect(plan(roundOf([TEN[0]!], { starts_at: null }), [before])).toMatchObject(NOTHING);
  });

  test('a match that was called off here is left alone', () => {
    const here = known(TEN[0]!, { is_cancelled: true });
    expect(plan(roundOf(TEN), tenKnown(here))).toMatchObject(NOTHING);
    const left = [{ debate: 'd1', why: 'cancelled_here' }];
    expect(plan(withFirst(moved), tenKnown(here))).toMatchObject({ ...NOTHING, left });
  });

  test('a match that was to be made and never was is made, under the same id', () => {
    const { create, mapped } = plan(roundOf([TEN[0]!]), [known(TEN[0]!, null)]);
    expect(create).toMatchObject([{ debate: 'd1' }]);
    expect(mapped).toMatchObject([{ debate: 'd1', assignment_id: idOf('d1') }]);
  });
});

describe('a roster', () => {
  const judged = (...judges: string[]) => plan(withFirst({ panel: panelOf(...judges) }), tenKnown());
  const replacing = (from: string, to: string, chair: string) => ({
    ...{
      user_id: userOf(from),
      replacement: { user_id: userOf(to), name: `Judge ${to}` },
      presiding_id: userOf(chair),
    },
  });

  test('changes person by person, and the last command says who presides', () => {
    expect(judged('j1.1', 'j1.2', 'j9').orders.map(({ input }) => input)).toEqual([replacing('j1.3', 'j9', 'j1.1')]);
    expect(judged('j9', 'j1.2', 'j1.3').orders.map(({ input }) => input)).toEqual([replacing('j1.1', 'j9', 'j9')]);
    expect(judged('j1.2', 'j9', 'j1.3').orders.map(({ input }) => input)).toEqual([replacing('j1.1', 'j9', 'j1.2')]);
    const { presiding_id: _, ...first } = replacing('j1.1', 'j8', 'j8');
    expect(judged('j8', 'j9', 'j1.2').orders).toMatchObject([
      { input: first, keeps: {} },
      { input: replacing('j1.3', 'j9', 'j8'), keeps: { panel: ['j8', 'j9', 'j1.2'].map(userOf) } },
    ]);
  });

  test.each<[string, string[]]>([
    ['size_changed', ['j1.1', 'j1.2']],
    ['size_changed', ['j1.1', 'j1.2', 'j1.3', 'j9']],
    ['chair_changed', ['j1.2', 'j1.1', 'j1.3']],
  ])('%s: no command can do that, so it is left', (why, judges) => {
    expect(judged(...judges)).toMatchObject({ ...NOTHING, left: [{ debate: 'd1', why }] });
  });

  test('whose sides are changed is left', () => {
    const [one, two] = debateOf(1).teams as [Debate['teams'][0], Debate['teams'][0]];
    const teams = [
      { ...two, side: 'petitioner' as const },
      { ...one, side: 'respondent' as const },
    ];
    const planned = plan(withFirst({ teams, title: 'Team 1 v. Team 2' }), tenKnown());
    expect(planned).toMatchObject({ ...NOTHING, left: [{ debate: 'd1', why: 'sides_changed' }] });
  });
});

describe('a draw that was made anew', () => {
  test('a debate that vanished and a new one of the same teams are one match, whatever its id', () => {
    const anew = TEN.map((one) => ({ ...one, id: `new ${one.id}` }));
    const planned = plan(roundOf(anew), tenKnown());
    expect(planned).toMatchObject(NOTHING);
    expect(planned.mapped[0]).toMatchObject({ debate: 'new d1', was: 'd1', assignment_id: idOf('d1') });
    const moved = anew.map((one, i) => (i === 0 ? { ...one, venue: { id: 'v9', name: 'Hall 9' } } : one));
    expect(plan(roundOf(moved), tenKnown()).orders).toMatchObject([
      { debate: 'new d1', assignment_id: idOf('d1'), input: { courtroom: 'Hall 9' } },
    ]);
  });

  test('a debate that vanished is called off, which somebody confirms', () => {
    const planned = plan(roundOf(TEN.slice(1)), tenKnown());
    expect(planned).toMatchObject({
      cancel: [{ debate: 'd1', assignment_id: idOf('d1'), title: 'Team 1 v. Team 2' }],
      orders: [{ name: 'assignment.cancel', keeps: { cancelled: true } }],
      asks: ['cancels'],
    });
  });

  test('one that vanished and was changed here is a conflict', () => {
    const here = known(TEN[0]!, { courtroom: 'Courtroom 7' });
    const conflict = { field: 'cancelled', base: false, ours: false, theirs: true };
    expect(plan(roundOf(TEN.slice(1)), tenKnown(here))).toMatchObject({
      ...NOTHING,
      conflicts: [{ debate: 'd1', assignment_id: idOf('d1'), ...conflict }],
    });
  });

  test('one that vanished after its session began is left, and one called off before is nothing', () => {
    const begun = known(TEN[0]!, { session: 'active' });
    const left = [{ debate: 'd1', why: 'session_started' }];
    expect(plan(roundOf(TEN.slice(1)), tenKnown(begun))).toMatchObject({ ...NOTHING, left });
    const gone = known(TEN[0]!, { is_cancelled: true }, { cancelled: true });
    expect(plan(roundOf(TEN.slice(1)), tenKnown(gone))).toMatchObject(NOTHING);
  });

  test('one that was called off for that and comes back is a new match', () => {
    const gone = known(TEN[0]!, { is_cancelled: true }, { cancelled: true });
    const { create, mapped } = plan(roundOf(TEN), tenKnown(gone));
    expect(create).toMatchObject([{ debate: 'd1' }]);
    expect(mapped.find(({ debate }) => debate === 'd1')).not.toHaveProperty('assignment_id');
  });

  test('matches of other rounds are no part of it', () => {
    const other = { ...known(debateOf(77)), round: 2 };
    expect(plan(roundOf(TEN), [...tenKnown(), other])).toMatchObject(NOTHING);
  });
});

describe('a session that has started', () => {
  const started = (session: 'active' | 'paused' | 'completed' | 'pending', changes: Partial<Debate>) =>
    plan(withFirst(changes), tenKnown(known(TEN[0]!, { session })));
  const room = { venue: { id: 'v9', name: 'Hall 9' } };
  const time = { starts_at: '2026-11-28T15:00:00.000Z' };
  const judge = { panel: panelOf('j1.1', 'j1.2', 'j9') };

  test.each([room, time])('keeps its room and its time', (changes) => {
    const left = [{ debate: 'd1', why: 'session_started' }];
    for (const session of ['active', 'paused', 'completed'] as const) {
      expect(started(session, changes)).toMatchObject({ ...NOTHING, left });
    }
    expect(started('pending', changes)).toMatchObject({ left: [], orders: { length: 1 }, asks: [] });
  });

  test('gets its new judge, which somebody confirms; one that is over does not', () => {
    for (const session of ['active', 'paused'] as const) {
      expect(started(session, judge)).toMatchObject({ left: [], orders: { length: 1 }, asks: ['active_session'] });
    }
    expect(started('completed', judge)).toMatchObject({ orders: [], left: [{ why: 'session_started' }] });
  });
});

describe('more than a fifth', () => {
  const changed = (n: number) =>
    roundOf(TEN.map((one, i) => (i < n ? { ...one, venue: { id: 'v9', name: `Hall ${i}` } } : one)));

  test('of what was imported before is confirmed first, and exactly a fifth is not', () => {
    expect(plan(changed(2), tenKnown()).asks).toEqual([]);
    expect(plan(changed(3), tenKnown()).asks).toEqual(['over_20_percent']);
  });

  test('several changes of one match are one', () => {
    const round = withFirst({
      venue: { id: 'v9', name: 'Hall 9' },
      panel: panelOf('j1.1', 'j1.2', 'j9'),
      title: 'Final',
    });
    expect(plan(round, tenKnown())).toMatchObject({ change: { length: 1 }, orders: { length: 2 }, asks: [] });
  });
});

test('what a plan has done is nothing to do any more, so an import that is cut off can be made again', () => {
  const round = roundOf([debateOf(1, { venue: { id: 'v9', name: 'Hall 9' }, panel: panelOf('j8', 'j9', 'j1.2') })]);
  const before = known(debateOf(1));
  const [update, first, second] = plan(round, [before]).orders;
  expect([update?.name, first?.name, second?.name]).toEqual([
    ...['assignment.update', 'assignment.substitute', 'assignment.substitute'],
  ]);
  const after = (ours: Partial<Ours>) => ({ ...before, ours: { ...before.ours!, ...ours } });
  const done = after({ courtroom: 'Hall 9', panel: ['j8', 'j9', 'j1.2'].map(userOf) });
  expect(plan(round, [done])).toMatchObject(NOTHING);
  // Only the room.
  expect(plan(round, [after({ courtroom: 'Hall 9' })]).orders.map(({ name }) => name)).toEqual([
    ...['assignment.substitute', 'assignment.substitute'],
  ]);
});

test('what is wanted is known by the ids of people alone: a name that is spelled otherwise changes nothing', () => {
  const respelled = debateOf(1).panel.map((one) => ({ ...one, name: one.name!.toUpperCase() }));
  expect(plan(withFirst({ panel: respelled }), tenKnown())).toMatchObject(NOTHING);
  const wanted: Wanted = plan(roundOf([debateOf(1)])).create[0]!.match;
  expect(valuesOf(wanted).panel).toEqual(['j1.1', 'j1.2', 'j1.3'].map(userOf));
});
