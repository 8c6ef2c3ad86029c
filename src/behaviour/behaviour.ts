/** What is known of how somebody types, points and reads: times, places on the page and steps of scrolling. Never which key. */

export interface Keystroke {
  /** Milliseconds since the telemetry began; the same of all that follows. */
  t: number;
  /** How long the key was down. */
  dwell: number;
  /** Since the key before was pressed; 0 where there was none. */
  flight: number;
}

export interface Place {
  t: number;
  x: number;
  y: number;
}

export interface Scroll {
  t: number;
  dy: number;
}

/** A page that was opened: which of them is the same is told by a number, and not what it is called. */
export interface View {
  t: number;
  page: number;
}

export interface Behaviour {
  keystrokes: readonly Keystroke[];
  mouse_movements: readonly Place[];
  clicks: readonly Place[];
  scrolls: readonly Scroll[];
  navigation: readonly View[];
}

/** A batch as it is kept: its behaviour is a text in JSON, which is read where it is reckoned with. */
export interface Sent {
  started_at: string;
  behaviour: string;
}

/** Behaviour and the instant from which its times count. */
export interface Portion {
  started_at: string;
  behaviour: Behaviour;
}

const KINDS = ['keystrokes', 'mouse_movements', 'clicks', 'scrolls', 'navigation'] as const;

/** How many things happened. */
export function pointsOf(behaviour: Behaviour): number {
  return KINDS.reduce((sum, kind) => sum + behaviour[kind].length, 0);
}

/**
 * Portions as one, each kind in the order of its times, which count from the earliest portion. Pages of two portions are
 * never the same, as each portion numbers its own. Portions are taken over: their times are shifted where they are, which takes
 * a fraction of copying them.
 */
export function joined(portions: readonly Portion[]): Behaviour {
  const starts = portions.map(({ started_at }) => Date.parse(started_at));
  const first = Math.min(...starts);
  for (const [i, { behaviour }] of portions.entries()) {
    for (const kind of KINDS) shift(behaviour[kind], starts[i]! - first);
    for (const view of behaviour.navigation) view.page += i * PAGES;
  }
  return {
    keystrokes: ordered(portions.map(({ behaviour }) => behaviour.keystrokes)),
    mouse_movements: ordered(portions.map(({ behaviour }) => behaviour.mouse_movements)),
    clicks: ordered(portions.map(({ behaviour }) => behaviour.clicks)),
    scrolls: ordered(portions.map(({ behaviour }) => behaviour.scrolls)),
    navigation: ordered(portions.map(({ behaviour }) => behaviour.navigation)),
  };
}

interface Timed {
  t: number;
}

function shift(items: readonly Timed[], ms: number): void {
  for (const item of items) item.t += ms;
}

/** Of one time, as lists stand. Each is mostly in order, so they are merged, which takes a fraction of sorting them together. */
function ordered<Item extends Timed>(lists: readonly (readonly Item[])[]): Item[] {
  let all: readonly Item[] = [];
  for (const list of lists) all = merged(all, isRising(list) ? list : [...list].sort((a, b) => a.t - b.t));
  return all as Item[];
}

function isRising(items: readonly Timed[]): boolean {
  for (let i = 1; i < items.length; i += 1) if (items[i]!.t < items[i - 1]!.t) return false;
  return true;
}

/** Of one time, the first comes first. */
function merged<Item extends Timed>(first: readonly Item[], second: readonly Item[]): readonly Item[] {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const all: Item[] = [];
  let taken = 0;
  for (const item of second) {
    for (; taken < first.length && first[taken]!.t <= item.t; taken += 1) all.push(first[taken]!);
    all.push(item);
  }
  for (; taken < first.length; taken += 1) all.push(first[taken]!);
  return all;
}

/** No portion has more. */
const PAGES = 10_000;

export function behaviourOf(sent: readonly Sent[]): Behaviour {
  return joined(
    sent.map(({ started_at, behaviour }) => ({ started_at, behaviour: JSON.parse(behaviour) as Behaviour })),
  );
}
