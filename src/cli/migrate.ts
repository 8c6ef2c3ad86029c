/** `plearoll migrate`: brings `DATABASE_URL` to the schema of this version. */
import { migrate as migrateDatabase } from '../../migrations/migrate.ts';
import { ConfigError, readMigrationConfig } from '../infra/process/config.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';

export const migrate = defineSubcommand({
  name: 'migrate',
  summary:
    'Brings the database of DATABASE_URL to the schema of this version; safe to run twice, and at once from two machines.',
  exits: { 0: 'done', 1: 'not done', 3: 'usage' },
  async run(_, __, { env }) {
    try {
      const { DATABASE_URL, DB_ROLE_PREFIX } = readMigrationConfig(env);
      await migrateDatabase(DATABASE_URL, { rolePrefix: DB_ROLE_PREFIX, say: (line) => console.error(line) });
      console.log('The schema is up to date.');
      return 0;
    } catch (error) {
      const { message } = error as Error;
      console.error(error instanceof ConfigError ? message : `Could not migrate: ${message || String(error)}`);
      return 1;
    }
  },
});
