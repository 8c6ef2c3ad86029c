import { defineConfig } from 'vitest/config';

const onDatabase = [
  'test/http/**/*.test.ts',
  'test/relay/**/*.test.ts',
  'test/jobs/**/*.test.ts',
  'test/journeys/**/*.test.ts',
];
const shared = {
  globalSetup: ['test/support/globalSetup.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: [
            'test/*.test.ts',
            'test/core/**/*.test.ts',
            'test/court/**/*.test.ts',
            'test/infra/**/*.test.ts',
            'test/integrity/**/*.test.ts',
            'test/schedule/**/*.test.ts',
          ],
        },
      },
      { test: { ...shared, name: 'embedded', include: onDatabase, env: { TEST_KIND: 'embedded' } } },
      { test: { ...shared, name: 'distributed', include: onDatabase, env: { TEST_KIND: 'distributed' } } },
      { test: { ...shared, name: 'versions', include: ['test/versions/*.test.ts'] } },
      { test: { ...shared, name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
