/**
 * Loaded before each test file: a test that received a frame outside of the live protocol, or an answer that its operation
 * does not have, fails, and whether one has failed is remembered, so that its database is kept.
 */
import { afterEach, beforeAll, expect, vi } from 'vitest';
import { takeAnswerFaults } from './answers.ts';
import { isEverything } from './everything.ts';
import { noteFailed } from './failedTest.ts';
import { takeFrameFaults } from './liveFrames.ts';

// Faults outlast leases and locks, and of what their tests share it is a hook that starts the processes.
const FAULTS_MS = isEverything ? 300_000 : 120_000;
if (expect.getState().testPath?.includes('/test/faults/'))
  vi.setConfig({ testTimeout: FAULTS_MS, hookTimeout: FAULTS_MS });

// A worker goes from file to file.
beforeAll(() => noteFailed(undefined));
afterEach(({ task }) => {
  const [outside, unknown] = [takeFrameFaults(), takeAnswerFaults()];
  const hasFailed = task.result?.state === 'fail' || outside.length + unknown.length > 0;
  if (hasFailed) noteFailed(`${task.file.name}: ${task.name}`);
  expect(outside, 'frames that the live protocol does not have').toEqual([]);
  expect(unknown, 'answers that their operations do not have').toEqual([]);
});
