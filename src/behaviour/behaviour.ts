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

const KINDS = ['keystrokes', 'mouse_movements', 'clicks', 'scrolls', 'navigation'] as const;

/** How many things happened. */
export function pointsOf(behaviour: Behaviour): number {
  return KINDS.reduce((sum, kind) => sum + behaviour[kind].length, 0);
}
