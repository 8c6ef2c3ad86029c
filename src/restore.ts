/** `npm run restore -- <file> [--replace]`: puts a backup into an empty database and verifies the record there. */
import { parseArgs } from 'node:util';
import { restoreBackup } from './backup/restoreBackup.ts';
import { openBlobs } from './infra/blobs.ts';
import { blobFolder, readConfig } from './infra/config.ts';
import { withDatabase } from './infra/withDatabase.ts';

const USAGE = `usage: npm run restore -- <file> [--replace]
  --replace   loses what the database holds, even if the restore then fails; without it, only an empty one is taken
exit codes: 0 done, 1 done but the record does not verify, 2 not done, 3 usage`;

const { file, replace } = readArguments();
try {
  const config = readConfig(process.env, 'all', false);
  const blobs = openBlobs(blobFolder(config));
  const { header, counts, report } = await withDatabase(config, false, (url) =>
    restoreBackup(url, file, { replace, blobs, rolePrefix: config.DB_ROLE_PREFIX }),
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

function readArguments(): { file: string; replace: boolean } {
  try {
    const options = { replace: { type: 'boolean', default: false } } as const;
    const { positionals, values } = parseArgs({ allowPositionals: true, strict: true, options });
    if (positionals.length === 1) return { file: positionals[0]!, replace: values.replace };
  } catch (error) {
    console.error((error as Error).message);
  }
  console.error(USAGE);
  process.exit(3);
}
