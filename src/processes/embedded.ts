/** The process of `npm start` by itself, as the tests, benchmarks and `npm run dev` start it. */
import { start } from './start.ts';

process.exitCode = await start.run(process.argv.slice(2), {
  env: process.env,
  out: process.stdout,
  err: process.stderr,
  signal: new AbortController().signal,
});
