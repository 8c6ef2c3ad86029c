/** `npm run backup -- <file>`: writes everything to one file, beside the running system, and says whether the record verifies. */
import { parseArgs } from 'node:util';
import { takeBackup } from '../backup/takeBackup.ts';
import { withDatabase } from '../infra/postgres/withDatabase.ts';
import { readConfig } from '../infra/process/config.ts';

const USAGE = `usage: npm run backup -- <file>
exit codes: 0 done, 1 done but the record does not verify, 2 not done, 3 usage`;

const UNVERIFIED =
  'The record was not verified: the database has an older schema. Restoring the backup will verify it.';

const file = readArguments();
try {
  const config = readConfig(process.env, 'all', false);
  const { taken_at, counts, report } = await withDatabase(config, true, (url) =>
    takeBackup(url, file, config.DB_ROLE_PREFIX),
  );
  for (const [table, rows] of Object.entries(counts)) console.log(`${String(rows).padStart(12)}  ${table}`);
  console.log(`backup of ${taken_at} written to ${file}`);
  console.log(report?.message ?? UNVERIFIED);
  process.exitCode = (report?.system_valid ?? true) ? 0 : 1;
} catch (error) {
  console.error(`No backup was made: ${(error as Error).message || String(error)}`);
  process.exitCode = 2;
}

function readArguments(): string {
  try {
    const { positionals } = parseArgs({ allowPositionals: true, strict: true });
    if (positionals.length === 1) return positionals[0]!;
  } catch (error) {
    console.error((error as Error).message);
  }
  console.error(USAGE);
  process.exit(3);
}
