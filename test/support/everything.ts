/** Whether a run has everything, also what repeats or enlarges what the rest has shown: `npm run test:all`, and CI. */
export const isEverything = process.env.CI === 'true' || process.env.TEST_ALL === 'true';
