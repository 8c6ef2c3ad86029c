/** `plearoll reanchor <note file>`: gives a signer that lost its state the checkpoint to go on from. */
import { readFile } from 'node:fs/promises';
import { openPool } from '../infra/postgres/database.ts';
import { readInstallationId } from '../infra/postgres/installation.ts';
import { withDatabase } from '../infra/postgres/withDatabase.ts';
import { readConfig } from '../infra/process/config.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';
import { reanchor as reanchorSigner } from '../infra/signer/reanchor.ts';
import { signerFiles } from '../infra/signer/signerFiles.ts';

export const reanchor = defineSubcommand({
  name: 'reanchor',
  summary:
    'Gives a signer that lost its state the checkpoint to go on from: the latest that you kept outside the database.',
  takes: ['<note file>'],
  exits: { 0: 'done', 1: 'not done', 3: 'usage' },
  async run(_, [file], { env }) {
    try {
      const config = readConfig(env, 'all', false);
      const note = await readFile(file!, 'utf8');
      const size = await withDatabase(config, true, async (url) => {
        const installation = await readInstallationId(url, 'worker', config.DB_ROLE_PREFIX);
        const pool = openPool(url, 'worker', 1, () => {}, config.DB_ROLE_PREFIX);
        return reanchorSigner(pool, signerFiles(config, installation), note).finally(() => pool.end());
      });
      console.log(`the signer goes on from ${size} leaves, where the log grew from there`);
      return 0;
    } catch (error) {
      console.error(`Not done: ${(error as Error).message || String(error)}`);
      return 1;
    }
  },
});
