/** `plearoll backup <file>`: writes everything to one file, beside the running system, and says whether the record verifies. */
import { takeBackup } from '../backup/takeBackup.ts';
import { withDatabase } from '../infra/postgres/withDatabase.ts';
import { readConfig } from '../infra/process/config.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';

const UNVERIFIED =
  'The record was not verified: the database has an older schema. Restoring the backup will verify it.';

export const backup = defineSubcommand({
  name: 'backup',
  summary: 'Writes everything to one file, beside the running system, and says whether the record verifies.',
  takes: ['<file>'],
  exits: { 0: 'done', 1: 'done but the record does not verify', 2: 'not done', 3: 'usage' },
  async run(_, [file], { env }) {
    try {
      const config = readConfig(env, 'all', false);
      const { taken_at, counts, report } = await withDatabase(config, true, (url) =>
        takeBackup(url, file!, config.DB_ROLE_PREFIX),
      );
      for (const [table, rows] of Object.entries(counts)) console.log(`${String(rows).padStart(12)}  ${table}`);
      console.log(`backup of ${taken_at} written to ${file}`);
      console.log(report?.message ?? UNVERIFIED);
      return (report?.system_valid ?? true) ? 0 : 1;
    } catch (error) {
      console.error(`No backup was made: ${(error as Error).message || String(error)}`);
      return 2;
    }
  },
});
