/** A batch of telemetry as a browser sends it: bounded in every way, and nothing in it says which key or which page. */
import { z } from 'zod';
import { named } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { instant } from '../../core/definitions/schemas.ts';
import { type Behaviour, pointsOf } from '../behaviour.ts';

/** Of one batch, of all kinds together. */
export const MOST_POINTS = 2_000;
const MOST_PAGES = 200;
const LONGEST_MS = 10 * 60_000;
/** A browser that was without a network sends late. */
const OLDEST_MS = 24 * 3_600_000;
/** Clocks differ. */
const AHEAD_MS = 5_000;

const t = z.int().min(0).max(LONGEST_MS);
const ms = z.int().min(0).max(60_000);
const place = z.int().min(0).max(100_000);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(MOST_POINTS);
const PATH = /^\/[^\s?#]*$/;

export const batchBody = named(
  'TelemetryBatchRequest',
  z.strictObject({
    keystrokes: list(z.strictObject({ t, dwell: ms, flight: ms })),
    mouse_movements: list(z.strictObject({ t, x: place, y: place })),
    clicks: list(z.strictObject({ t, x: place, y: place })),
    scrolls: list(z.strictObject({ t, dy: z.int().min(-100_000).max(100_000) })),
    /** The path without its query. It is not kept: only which of them are the same. */
    navigation: z
      .array(z.strictObject({ t, path: privately(z.string().max(300).regex(PATH, 'must be a path without query')) }))
      .max(MOST_PAGES),
    metadata: z.strictObject({ started_at: instant }),
  }),
  {
    keystrokes: [{ t: 120, dwell: 85, flight: 0 }],
    mouse_movements: [{ t: 400, x: 320, y: 200 }],
    clicks: [],
    scrolls: [{ t: 900, dy: 120 }],
    navigation: [{ t: 0, path: '/sessions' }],
    metadata: { started_at: EXAMPLE.now },
  },
);
export type Batch = z.output<typeof batchBody>;

export const batchAnswer = named(
  'TelemetryTaken',
  z.strictObject({
    /** How many things happened in it. */
    points: z.int().min(0),
    /** False where the same batch was stored before. */
    stored: z.boolean(),
  }),
  { points: 3, stored: true },
);

/** What is kept: pages by the order in which they first occur in the batch, and each kind in the order of its times. */
export function behaviourIn({ navigation, metadata: _, ...kinds }: Batch): Behaviour {
  const pages = new Map<string, number>();
  for (const { path } of navigation) if (!pages.has(path)) pages.set(path, pages.size);
  const inOrder = <Item extends { t: number }>(items: readonly Item[]) => items.toSorted((a, b) => a.t - b.t);
  return {
    keystrokes: inOrder(kinds.keystrokes),
    mouse_movements: inOrder(kinds.mouse_movements),
    clicks: inOrder(kinds.clicks),
    scrolls: inOrder(kinds.scrolls),
    navigation: inOrder(navigation).map(({ t, path }) => ({ t, page: pages.get(path)! })),
  };
}

/** What is wrong with the times and the size of a batch, if anything. @param now milliseconds since 1970 @param behaviour in it, where that is known */
export function faultOf(
  batch: Batch,
  now: number,
  behaviour: Behaviour = behaviourIn(batch),
): { pointer: string; detail: string } | undefined {
  if (pointsOf(behaviour) > MOST_POINTS) {
    return { pointer: '', detail: `has more than ${MOST_POINTS} entries in all its lists` };
  }
  const started = Date.parse(batch.metadata.started_at);
  const pointer = '/metadata/started_at';
  if (started > now + AHEAD_MS) return { pointer, detail: 'is in the future' };
  if (started < now - OLDEST_MS) return { pointer, detail: 'is more than a day ago' };
  for (const [kind, items] of Object.entries(behaviour)) {
    if (started + (items.at(-1)?.t ?? 0) > now + AHEAD_MS)
      return { pointer: `/${kind}`, detail: 'reaches into the future' };
  }
  return undefined;
}
