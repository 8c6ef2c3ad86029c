/**
 * People who are made up: each types, points and reads by numbers of the own, with chance from a seed. They check arithmetic,
 * and say nothing of people.
 */
import type { Behaviour } from '../../src/behaviour/behaviour.ts';

export interface SyntheticPerson {
  seed: number;
  dwell_ms: number;
  flight_ms: number;
  /** Pixels of a step of 20 ms. */
  step_px: number;
  /** Radians that a step turns by at most. */
  bend: number;
  view_ms: number;
  scroll_px: number;
}

/** Mulberry32: the same numbers from the same seed. */
function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function syntheticPerson(seed: number): SyntheticPerson {
  const chance = chanceOf(seed * 7_919 + 1);
  const between = (low: number, high: number) => low + chance() * (high - low);
  return {
    ...{ seed, dwell_ms: between(60, 160), flight_ms: between(120, 420), step_px: between(4, 30) },
    ...{ bend: between(0.1, 1.2), view_ms: between(4_000, 30_000), scroll_px: between(40, 240) },
  };
}

/** Three minutes of a person; another number, another session. */
export function syntheticSession(person: SyntheticPerson, number: number): Behaviour {
  const chance = chanceOf(person.seed * 104_729 + number * 31 + 17);
  /** About one, mostly within a third. */
  const about = () => 0.7 + (chance() + chance()) * 0.3;
  const times = <Item>(count: number, of: (i: number) => Item) => Array.from({ length: count }, (_, i) => of(i));
  let t = 0;
  const keystrokes = times(200, (i) => {
    const pause = i % 12 === 11 ? 700 : 0;
    const flight = i === 0 ? 0 : Math.round(person.flight_ms * about() + pause);
    t += flight;
    return { t, dwell: Math.round(person.dwell_ms * about()), flight };
  });
  const at = { x: 5_000, y: 5_000, direction: 0 };
  const mouse_movements = times(300, (i) => {
    at.direction += (chance() - 0.5) * 2 * person.bend;
    at.x += Math.cos(at.direction) * person.step_px * about();
    at.y += Math.sin(at.direction) * person.step_px * about();
    return { t: i * 20 + Math.floor(i / 25) * 800, x: Math.round(at.x), y: Math.round(at.y) };
  });
  let opened = 0;
  const navigation = times(8, () => {
    opened += Math.round(person.view_ms * about());
    return { t: opened, page: Math.floor(chance() * 4) };
  });
  const scroll = (i: number) => ({
    t: i * 200,
    dy: Math.round(person.scroll_px * about() * (chance() < 0.2 ? -1 : 1)),
  });
  const clicks = times(8, (i) => ({ t: i * 2_000 + 300, x: 10, y: 10 }));
  return { keystrokes, mouse_movements, clicks, scrolls: times(30, scroll), navigation };
}
