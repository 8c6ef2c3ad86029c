/** The ETag of a match is another one whenever anything of its answer is. */
import { expect, test } from 'vitest';
import { readMatchDetails, readShownState } from '../../../src/feeds/matches/readMatches.ts';

const AT = '2026-11-21T10:00:00.000Z';
const LATER = '2026-11-21T10:00:00.001Z';
const match = { version: 3, updated_at: AT, disputes: [] as { found_at: string }[] };
const details = (more: Partial<typeof match> = {}) => readMatchDetails.version!({ ...match, ...more } as never);

test('a match with a newer state, with another assignment and with a dispute is another one each time', () => {
  const all = [
    details(),
    details({ version: 4 }),
    details({ updated_at: LATER }),
    details({ disputes: [{ found_at: AT }] }),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(details()).toBe(all[0]);
});

test('its state goes by the same', () => {
  const state = (updated_at: string) => readShownState.version!({ version: 3, updated_at } as never);
  expect(state(AT)).not.toBe(state(LATER));
});
