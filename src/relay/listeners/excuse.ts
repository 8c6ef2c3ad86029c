/**
 * Whether a listener is to blame for being behind. It is not while it takes what it was given at once, be it a replay or
 * events that the room itself heard late, as long as each time less has come meanwhile; it is where it was level and did
 * not take what came.
 */
import type { Place } from './place.ts';

export interface Excuse {
  /** What there is for it now came at once. */
  give(): void;
  /** Whatever comes until it is level. */
  giveUntilLevel(): void;
  /** It has all. @returns whether it had not before */
  end(): boolean;
  /** Whether it is too many events behind, without those that came at once. */
  isNone(): boolean;
}

/** @param max how many events it may be behind; 0: as many as there are */
export function createExcuse(place: Place, max: number): Excuse {
  let upTo = Number.POSITIVE_INFINITY;
  let events = 0;
  let isUntilLevel = false;

  function give(): void {
    if (isUntilLevel || place.behind() <= max) return;
    events = place.behind();
    upTo = place.cursor() + events;
  }

  function isNone(): boolean {
    const own = Math.min(place.behind(), place.cursor() + place.behind() - upTo);
    if (max === 0 || own <= max || place.isAnythingDue()) return false;
    if (own >= events / 2) return true;
    if (place.cursor() >= upTo) give();
    return false;
  }

  return {
    give,
    giveUntilLevel() {
      isUntilLevel = true;
      upTo = Number.POSITIVE_INFINITY;
    },
    end() {
      const wasBehind = upTo > 0;
      upTo = 0;
      events = 0;
      isUntilLevel = false;
      return wasBehind;
    },
    isNone,
  };
}
