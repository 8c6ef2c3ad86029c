/** Makes the record for the benchmark of the server's verification, for whoever measures it. */
import { makeRecord } from './recordCorpus.ts';

const [url, sessions] = process.argv.slice(2);

await makeRecord(url!, Number(sessions));
