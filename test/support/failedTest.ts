/**
 * The last test that failed in the file that a worker is at. A module of its own: what is loaded before each file is loaded
 * anew for each, and who asks has met it once.
 */
let failed: string | undefined;

export function noteFailed(test: string | undefined): void {
  failed = test;
}

/** Never in CI, where nobody would look. */
export function failedTest(): string | undefined {
  return process.env.CI === 'true' ? undefined : failed;
}
