/**
 * `npm run describe`: writes down what the migrations make of a database, for verification to compare with. Run it when
 * a migration was added or changed, and read the difference: it is what every installation will be held to.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { describeDatabase } from '../../src/integrity/guards/describeDatabase.ts';

// From the compiled file, dist/test/support.
const FILE = join(import.meta.dirname, '../../../src/integrity/guards/expected.json');

const home = await mkdtemp(join(tmpdir(), 'plearoll-describe-'));
const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: { fsync: 'off' } });
try {
  await migrate(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { things } = await describeDatabase(client as never, null);
  await client.end();
  await writeFile(FILE, `[\n${things.map((thing) => JSON.stringify(thing)).join(',\n')}\n]\n`);
  console.log(`${things.length} things of the database are written to src/integrity/guards/expected.json.`);
} finally {
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}
