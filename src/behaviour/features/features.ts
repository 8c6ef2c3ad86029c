/** The 35 features of a login session: 15 of typing, 12 of pointing, 8 of reading. Pure. */
import type { Behaviour } from '../behaviour.ts';
import { type Feature, measure } from './feature.ts';
import { KEYSTROKE, typingOf } from './keystroke.ts';
import { MOUSE, pointingOf } from './mouse.ts';
import { NAVIGATION, readingOf } from './navigation.ts';

/** In the order of vectors. */
export const FEATURES: readonly Feature[] = [...KEYSTROKE, ...MOUSE, ...NAVIGATION];

/** An integer for each feature, or null where too little is known. */
export type Vector = (number | null)[];

export function featuresOf(behaviour: Behaviour): Vector {
  return [
    ...measure(KEYSTROKE, typingOf(behaviour)),
    ...measure(MOUSE, pointingOf(behaviour)),
    ...measure(NAVIGATION, readingOf(behaviour)),
  ];
}
