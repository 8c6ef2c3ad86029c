/**
 * Loaded before each test file: a test that received a frame outside of the live protocol, or an answer that its operation
 * does not have, fails, and whether one has failed is remembered, so that its database is kept.
 */
import { afterEach, beforeAll, expect } from 'vitest';
import { takeAnswerFaults } from './answers.ts';
import { takeFrameFaults } from './liveFrames.ts';

let failed: string | undefined;

// A worker goes from file to file.
beforeAll(() => {
  failed = undefined;
});
afterEach(({ task }) => {
  const [outside, unknown] = [takeFrameFaults(), takeAnswerFaults()];
  if (task.result?.state === 'fail' || outside.length + unknown.length > 0) failed = `${task.file.name}: ${task.name}`;
  expect(outside, 'frames that the live protocol does not have').toEqual([]);
  expect(unknown, 'answers that their operations do not have').toEqual([]);
});

/** The last of the file's tests that failed; never in CI, where nobody would look. */
export function failedTest(): string | undefined {
  return process.env.CI === 'true' ? undefined : failed;
}
