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
 * never the same, as each portion numbers its own.
 */
export function joined(portions: readonly Portion[]): Behaviour {
  const starts = portions.map(({ started_at }) => Date.parse(started_at));
  const first = Math.min(...starts);
  const of = <Item extends { t: number }>(take: (portion: Portion, i: number) => readonly Item[]): Item[] =>
    portions
      .flatMap((portion, i) => take(portion, i).map((item) => ({ ...item, t: item.t + starts[i]! - first })))
      .sort((a, b) => a.t - b.t);
  return {
    keystrokes: of(({ behaviour }) => behaviour.keystrokes),
    mouse_movements: of(({ behaviour }) => behaviour.mouse_movements),
    clicks: of(({ behaviour }) => behaviour.clicks),
    scrolls: of(({ behaviour }) => behaviour.scrolls),
    navigation: of(({ behaviour }, i) =>
      behaviour.navigation.map((view) => ({ ...view, page: view.page + i * PAGES })),
    ),
  };
}

/** No portion has more. */
const PAGES = 10_000;

export function behaviourOf(sent: readonly Sent[]): Behaviour {
  return joined(
    sent.map(({ started_at, behaviour }) => ({ started_at, behaviour: JSON.parse(behaviour) as Behaviour })),
  );
}
