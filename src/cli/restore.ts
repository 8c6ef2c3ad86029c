/** `npm run restore -- <file> [--replace] [--copy]`: puts a backup into an empty database and verifies the record there. */
import { parseArgs } from 'node:util';
import { restoreBackup } from '../backup/restoreBackup.ts';
import { openBlobs } from '../infra/blobs.ts';
import { withDatabase } from '../infra/postgres/withDatabase.ts';
import { blobFolder, readConfig } from '../infra/process/config.ts';

const USAGE = `usage: npm run restore -- <file> [--replace] [--copy]
  --replace   loses what the database holds, even if the restore then fails; without it, only an empty one is taken
  --copy      the restored database is an installation of its own, beside the one that the backup is of
exit codes: 0 done, 1 done but the record does not verify, 2 not done, 3 usage`;

const { file, ...options } = readArguments();
try {
  const config = readConfig(process.env, 'all', false);
  const blobs = openBlobs(blobFolder(config));
  const { header, counts, report } = await withDatabase(config, false, (url) =>
    restoreBackup(url, file, { ...options, blobs, rolePrefix: config.DB_ROLE_PREFIX }),
  );
  for (const [table, rows] of Object.entries(counts)) console.log(`${String(rows).padStart(12)}  ${table}`);
  console.log(`backup of ${header.taken_at} restored from ${file}`);
  for (const issue of report.invalid_sessions.flatMap(({ issues }) => issues)) console.log(issue);
  console.log(report.message);
  process.exitCode = report.system_valid ? 0 : 1;
} catch (error) {
  console.error(`Nothing was restored: ${(error as Error).message || String(error)}`);
  process.exitCode = 2;
}

function readArguments(): { file: string; replace: boolean; copy: boolean } {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const options = { replace: flag, copy: flag };
    const { positionals, values } = parseArgs({ allowPositionals: true, strict: true, options });
    if (positionals.length === 1) return { file: positionals[0]!, ...values };
  } catch (error) {
    console.error((error as Error).message);
  }
  console.error(USAGE);
  process.exit(3);
}
