/** `plearoll restore <file> [--replace] [--copy]`: puts a backup into an empty database and verifies the record there. */
import { restoreBackup } from '../backup/restoreBackup.ts';
import { openBlobs } from '../infra/blobs.ts';
import { withDatabase } from '../infra/postgres/withDatabase.ts';
import { blobFolder, erasuresFile, readConfig } from '../infra/process/config.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';

export const restore = defineSubcommand({
  name: 'restore',
  summary: 'Puts a backup into an empty database and verifies the record there.',
  takes: ['<file>'],
  options: {
    replace: {
      type: 'boolean',
      help: 'loses what the database holds, even if the restore then fails; without it, only an empty one is taken',
    },
    copy: {
      type: 'boolean',
      help: 'the restored database is an installation of its own, beside the one that the backup is of',
    },
  },
  exits: { 0: 'done', 1: 'done but the record does not verify', 2: 'not done', 3: 'usage' },
  async run(options, [file], { env }) {
    try {
      const config = readConfig(env, 'all', false);
      const blobs = openBlobs(blobFolder(config));
      const { header, counts, report, erased_again } = await withDatabase(config, false, (url) =>
        restoreBackup(url, file!, {
          ...options,
          blobs,
          erasuresFile: erasuresFile(config),
          rolePrefix: config.DB_ROLE_PREFIX,
        }),
      );
      for (const [table, rows] of Object.entries(counts)) console.log(`${String(rows).padStart(12)}  ${table}`);
      if (erased_again > 0) console.log(`${String(erased_again).padStart(12)}  payloads erased again`);
      console.log(`backup of ${header.taken_at} restored from ${file}`);
      for (const issue of report.invalid_sessions.flatMap(({ issues }) => issues)) console.log(issue);
      console.log(report.message);
      return report.system_valid ? 0 : 1;
    } catch (error) {
      console.error(`Nothing was restored: ${(error as Error).message || String(error)}`);
      return 2;
    }
  },
});
