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
    for (const kind of KINDS) for (const item of behaviour[kind]) item.t += starts[i]! - first;
    for (const view of behaviour.navigation) view.page += i * PAGES;
  }
  const of = <Kind extends keyof Behaviour>(kind: Kind) =>
    portions
      .flatMap(({ behaviour }) => behaviour[kind] as readonly Behaviour[Kind][number][])
      .sort((a, b) => a.t - b.t);
  return {
    keystrokes: of('keystrokes'),
    mouse_movements: of('mouse_movements'),
    clicks: of('clicks'),
    scrolls: of('scrolls'),
    navigation: of('navigation'),
  };
}

/** No portion has more. */
const PAGES = 10_000;

export function behaviourOf(sent: readonly Sent[]): Behaviour {
  return joined(
    sent.map(({ started_at, behaviour }) => ({ started_at, behaviour: JSON.parse(behaviour) as Behaviour })),
  );
}
