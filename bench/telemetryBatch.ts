/** A batch of telemetry as `collect()` of the client sends it, of somebody who is made up and does not rest. */
import { type SyntheticPerson, syntheticSession } from '../test/support/syntheticPeople.ts';

export const BATCH_EVERY_MS = 30_000;
/** Between two movements that a browser notes. */
const STEP_MS = 50;

/** All of it but when it began. */
export function batchOf(person: SyntheticPerson) {
  const { keystrokes, mouse_movements, clicks, scrolls, navigation } = syntheticSession(person, 1);
  const within = <Item extends { t: number }>(items: readonly Item[]) => items.filter(({ t }) => t < BATCH_EVERY_MS);
  let moved = -STEP_MS;
  const isNoted = ({ t }: { t: number }) => {
    if (t - moved < STEP_MS) return false;
    moved = t;
    return true;
  };
  return {
    ...{ keystrokes: within(keystrokes), mouse_movements: within(mouse_movements).filter(isNoted) },
    ...{ clicks: within(clicks), scrolls: within(scrolls) },
    navigation: within(navigation).map(({ t, page }) => ({ t, path: `/${page}` })),
  };
}
