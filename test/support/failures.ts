/** Loaded before each test file: remembers whether a test of it has failed, so that its database is kept. */
import { afterEach } from 'vitest';

let failed: string | undefined;

afterEach(({ task }) => {
  if (task.result?.state === 'fail') failed = `${task.file.name}: ${task.name}`;
});

/** The last of the file's tests that failed; never in CI, where nobody would look. */
export function failedTest(): string | undefined {
  return process.env.CI === 'true' ? undefined : failed;
}
