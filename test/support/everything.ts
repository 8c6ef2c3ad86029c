/** Whether a run has everything, also what repeats or enlarges what the rest has shown: `npm run test:all`, and CI. */
export const isEverything = process.env.CI === 'true' || process.env.TEST_ALL === 'true';

/** Of what shows one thing in many ways: all of it in all of the suite, and as many in `npm test` as are enough. */
export const someOf = <T>(all: readonly T[], enough = 1): T[] => (isEverything ? [...all] : all.slice(0, enough));
