/** `npm run test:failed -- <folder>`: starts the Postgres of a run again, with the databases of the tests that failed. */
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { listFailed } from './failedDatabases.ts';

const [home] = process.argv.slice(2);
if (home === undefined) throw new Error('Say which folder: the run that failed has printed it.');
const postgres = await startEmbeddedPostgres({ home, say: console.log });
for (const { url, test } of await listFailed(postgres.url)) console.log(`${url}   ${test}`);
console.log(`Ctrl-C stops it; rm -r ${home} takes it away.`);
process.once('SIGINT', () => void postgres.stop());
