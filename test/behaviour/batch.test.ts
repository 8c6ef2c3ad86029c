/** A batch of telemetry: its bounds, its times, and what of it is kept. */
import { expect, test } from 'vitest';
import { type Batch, batchBody, behaviourIn, faultOf, MOST_POINTS } from '../../src/behaviour/batches/batch.ts';

const NOW = '2026-09-24T10:00:00.000Z';
const now = Date.parse(NOW);
const batch = (changes: Partial<Batch> = {}): Batch => ({
  ...{ keystrokes: [], mouse_movements: [], clicks: [], scrolls: [], navigation: [], metadata: { started_at: NOW } },
  ...changes,
});
const ago = (ms: number) => ({ metadata: { started_at: new Date(now - ms).toISOString() } });
const isTaken = (body: unknown) => batchBody.safeParse(body).success;

test('keeps of pages which are the same, and not what they are called', () => {
  const paths = ['/sessions', '/sessions/1', '/sessions'];
  const { navigation } = behaviourIn(batch({ navigation: paths.map((path, i) => ({ t: i, path })) }));
  expect(navigation).toEqual([0, 1, 0].map((page, t) => ({ t, page })));
});

test('is kept in the order of its times', () => {
  const clicks = [9, 3, 5].map((t) => ({ t, x: 0, y: 0 }));
  expect(behaviourIn(batch({ clicks })).clicks.map(({ t }) => t)).toEqual([3, 5, 9]);
});

test.each<[string, object]>([
  ['a negative time', { clicks: [{ t: -1, x: 0, y: 0 }] }],
  ['a time that is no integer', { clicks: [{ t: 0.5, x: 0, y: 0 }] }],
  ['a key that was up before it was down', { keystrokes: [{ t: 0, dwell: -1, flight: 0 }] }],
  ['a key', { keystrokes: [{ t: 0, dwell: 1, flight: 0, key: 'a' }] }],
  ['a path with a query', { navigation: [{ t: 0, path: '/a?b=c' }] }],
  ['an address', { navigation: [{ t: 0, path: 'https://a.example/' }] }],
  ['ten minutes and more', { scrolls: [{ t: 600_001, dy: 1 }] }],
  ['another login session', { metadata: { started_at: NOW, login_id: NOW } }],
  ['no list of clicks', { clicks: undefined }],
])('with %s is none', (_, changes) => {
  expect(isTaken(batch())).toBe(true);
  expect(isTaken({ ...batch(), ...changes })).toBe(false);
});

test('has no more than its bound in all lists together', () => {
  const clicks = Array.from({ length: MOST_POINTS }, () => ({ t: 0, x: 0, y: 0 }));
  expect(faultOf(batch({ clicks }), now)).toBeUndefined();
  const fault = { pointer: '', detail: expect.stringContaining('2000') };
  expect(faultOf(batch({ clicks, scrolls: [{ t: 0, dy: 1 }] }), now)).toEqual(fault);
});

test('begins within a day, and ends by now, but for what clocks differ', () => {
  const at = (ms: number, t = 0) => faultOf(batch({ ...ago(ms), clicks: [{ t, x: 0, y: 0 }] }), now)?.pointer;
  expect([at(-5_000), at(-5_001), at(86_400_000), at(86_400_001)]).toEqual([
    undefined,
    '/metadata/started_at',
    undefined,
    '/metadata/started_at',
  ]);
  expect([at(30_000, 30_000), at(30_000, 35_001)]).toEqual([undefined, '/clicks']);
});
