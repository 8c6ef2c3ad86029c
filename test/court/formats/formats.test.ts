/** Formats: the templates say what their rule books say, and a custom format is held to the same schema. */
import { describe, expect, test } from 'vitest';
import { assignmentCreated, createAssignment } from '../../../src/court/assignments/createAssignment.ts';
import { type Format, format, MAX_DURATION_MS } from '../../../src/court/formats/format.ts';
import { resolveFormat, TEMPLATE_NAMES, TEMPLATES } from '../../../src/court/formats/templates.ts';
import { startSession } from '../../../src/court/sessions/startSession.ts';
import { turnsOf } from '../../../src/court/turns/turn.ts';
import { given } from '../../support/given.ts';
import { admin, INSTITUTION, match, opened, presiding, START, turnId } from '../../support/matchFixture.ts';

const MINUTE = 60_000;
const of = (name: string) => TEMPLATES.get(name)!;
const sum = ({ segments }: Format, side: string) =>
  segments.filter((one) => one.side === side).reduce((total, { allotted_ms }) => total + allotted_ms, 0);

describe('the templates', () => {
  test('are five, each by its name, and each is a format as anybody could send it', () => {
    expect(TEMPLATE_NAMES).toEqual(['moot-20', 'ncfca', 'jessup-45', 'mock-trial-tba', 'amta']);
    for (const name of TEMPLATE_NAMES) {
      expect(format.parse(of(name))).toEqual(of(name));
      expect(of(name).name).toBe(name);
      expect(of(name).cards_ms).toEqual([...of(name).cards_ms].sort((a, b) => b - a));
      expect(resolveFormat(name)).toBe(of(name));
    }
    expect(() => resolveFormat('chess')).toThrow('chess');
  });

  test.each([
    ['moot-20', 20],
    ['ncfca', 20],
    ['jessup-45', 45],
  ])('%s gives each side %i minutes, and no more', (name, minutes) => {
    expect([sum(of(name), 'petitioner'), sum(of(name), 'respondent')]).toEqual([minutes * MINUTE, minutes * MINUTE]);
    expect(of(name)).toMatchObject({ side_ms: minutes * MINUTE, pauses: { question: false }, on_expiry: 'stop_card' });
  });

  test('NCFCA: one to four whole minutes must be reserved and are fixed; the first minute is protected', () => {
    const { rebuttal, segments } = of('ncfca');
    const bounds = { min_ms: MINUTE, max_ms: 4 * MINUTE, step_ms: MINUTE, required: true, fixed: true };
    expect(rebuttal).toEqual(bounds);
    for (const { kind, protected_ms } of segments) expect(protected_ms).toBe(kind === 'rebuttal' ? 0 : MINUTE);
  });

  test('TBA: 5, 20, 14 and 5 minutes a side; the clock stops for objections and questions; half a minute is granted', () => {
    const { segments, ...rest } = of('mock-trial-tba');
    expect(segments.map(({ kind, allotted_ms }) => [kind, allotted_ms / MINUTE])).toEqual([
      ...[
        ['opening', 5],
        ['opening', 5],
        ['examination', 20],
        ['examination', 14],
        ['examination', 20],
        ['examination', 14],
      ],
      ...[
        ['closing', 5],
        ['closing', 5],
        ['rebuttal', 0],
      ],
    ]);
    expect(rest).toMatchObject({
      ...{ pauses: { objection: true, question: true }, max_extension_ms: 30_000, rebuttal: { max_ms: MINUTE } },
    });
    expect(rest.cards_ms).toEqual([20, 15, 10, 5, 4, 3, 2, 1].map((n) => n * MINUTE).concat(40_000, 20_000));
  });

  test('AMTA: no objections in openings and closings, and the whole trial is within three hours', () => {
    const { segments } = of('amta');
    for (const { kind, objections } of segments) expect(objections).toBe(kind === 'examination');
    expect(sum(of('amta'), 'petitioner') + sum(of('amta'), 'respondent')).toBeLessThanOrEqual(180 * MINUTE);
  });

  test('become turns in their order, with ids that follow the event that makes them', () => {
    const turns = turnsOf(of('moot-20'), START);
    expect(turns.map(({ id, order_index }) => [id, order_index])).toEqual(turns.map((_, i) => [turnId(i + 1), i + 1]));
  });
});

const segment = { side: 'petitioner', kind: 'argument', allotted_ms: MINUTE };
const custom = (changes: object = {}) => ({ name: 'Ours', segments: [segment], ...changes });
const rebuttal = (changes: object) => custom({ rebuttal: { min_ms: 1, max_ms: 2, ...changes } });

describe('a format of their own', () => {
  test('is taken with as little as one segment, and what it leaves open is said', () => {
    const { format: _, ...body } = match;
    const parsed = format.parse(custom());
    const verdict = given()
      .when(createAssignment, { ...body, institution_id: INSTITUTION, format: custom() }, admin)
      .then(expect.objectContaining({ payload: expect.objectContaining({ format: parsed }) }))!;
    expect(verdict.result.format).toEqual(parsed);
    expect(parsed).toMatchObject({ on_expiry: 'stop_card', side_ms: null, objections_per_turn: 3 });
  });

  test.each([
    ['no segment', custom({ segments: [] })],
    ['101 segments', custom({ segments: Array(101).fill(segment) })],
    ['a turn of no time', custom({ segments: [{ ...segment, allotted_ms: 0 }] })],
    ['a turn of less than no time', custom({ segments: [{ ...segment, allotted_ms: -1 }] })],
    ['a turn of more than six hours', custom({ segments: [{ ...segment, allotted_ms: MAX_DURATION_MS + 1 }] })],
    ['a turn of a part of a millisecond', custom({ segments: [{ ...segment, allotted_ms: 1.5 }] })],
    ['a protected part longer than the turn', custom({ segments: [{ ...segment, protected_ms: MINUTE + 1 }] })],
    ['a side that is none', custom({ segments: [{ ...segment, side: 'bench' }] })],
    ['rebuttal bounds out of order', rebuttal({ min_ms: 3 })],
    ['a rebuttal of no time', rebuttal({ min_ms: 0 })],
    ['a card at no time', custom({ cards_ms: [0] })],
    ['an unknown field', custom({ timer: 1 })],
    ['a name that no template has', 'chess'],
  ])('with %s is refused', (_, named) => {
    expect(createAssignment.body.safeParse({ ...match, format: named }).success).toBe(false);
  });

  const minute = (kind: string, more: object = {}) => ({ ...segment, kind, ...more });
  const open = minute('rebuttal', { allotted_ms: 0 });
  const needs = (bounds: object) => ({ rebuttal: { min_ms: MINUTE / 2, max_ms: MINUTE, required: true, ...bounds } });

  test.each([
    ['more in the segments of a side than the side has', [segment, segment], { side_ms: MINUTE }, '/format/side_ms'],
    ['a rebuttal of no time that nothing is reserved for', [segment, open], {}, '/format/segments/1/allotted_ms'],
    [
      'a rebuttal that its donors cannot give, each at its least',
      [minute('argument', { min_ms: MINUTE }), open],
      needs({}),
      '/format/rebuttal/min_ms',
    ],
    ['a rebuttal without donors', [minute('opening'), open], needs({ required: false }), '/format/rebuttal/min_ms'],
    ['two that must be reserved and time for one', [segment, open, open], needs({}), '/format/rebuttal/min_ms'],
    ['a rebuttal that would leave nothing', [segment, open], needs({ min_ms: MINUTE }), '/format/rebuttal/min_ms'],
    ['no step within the bounds', [segment, open], needs({ step_ms: MINUTE + 1 }), '/format/rebuttal/step_ms'],
  ])('with %s is refused, and it says where', (_, segments, changes, pointer) => {
    const { error } = createAssignment.body.safeParse({ ...match, format: custom({ segments, ...changes }) });
    expect(error?.issues.map(({ path }) => `/${path.join('/')}`)).toEqual([pointer]);
  });

  test.each([
    ['just what the side has', [segment, minute('opening')], { side_ms: 2 * MINUTE }],
    ['a rebuttal from what is free', [minute('opening'), open], { side_ms: 2 * MINUTE, ...needs({ min_ms: MINUTE }) }],
    ['two, of which either may be reserved', [segment, open, open], needs({ required: false })],
    ['a rebuttal with time of its own', [minute('rebuttal')], {}],
    ['a rebuttal from the closing', [minute('closing'), open], needs({})],
  ])('with %s is taken', (_, segments, changes) => {
    expect(createAssignment.body.safeParse({ ...match, format: custom({ segments, ...changes }) }).success).toBe(true);
  });

  test('that was taken before such rules still starts', () => {
    const old = format.parse(custom({ segments: [segment, open] }));
    given(assignmentCreated({ ...match, institution_id: INSTITUTION, format: old } as never), opened)
      .when(startSession, {}, presiding)
      .then(expect.objectContaining({ payload: expect.objectContaining({ format: old }) }));
  });

  test('of exactly six hours and a hundred segments is taken', () => {
    const long = { ...segment, allotted_ms: MAX_DURATION_MS };
    expect(format.safeParse(custom({ segments: Array(100).fill(long) })).success).toBe(true);
  });
});
