/**
 * Loaded before each test file: a test that received a frame outside of the live protocol fails, and whether one has failed
 * is remembered, so that its database is kept.
 */
import { afterEach, beforeAll, expect } from 'vitest';
import { takeFrameFaults } from './liveFrames.ts';

let failed: string | undefined;

// A worker goes from file to file.
beforeAll(() => {
  failed = undefined;
});
afterEach(({ task }) => {
  const outside = takeFrameFaults();
  if (task.result?.state === 'fail' || outside.length > 0) failed = `${task.file.name}: ${task.name}`;
  expect(outside, 'frames that the live protocol does not have').toEqual([]);
});

/** The last of the file's tests that failed; never in CI, where nobody would look. */
export function failedTest(): string | undefined {
  return process.env.CI === 'true' ? undefined : failed;
}
