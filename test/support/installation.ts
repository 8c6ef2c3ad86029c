/** One installation on a database, embedded: started, used for a short round over HTTP, and stopped again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/infra/process/config.ts';
import { startAll } from '../../src/processes/startAll.ts';
import { cast, get, must, openSession, person, post } from './client.ts';
import { SECRET } from './secret.ts';

export interface Played {
  /** What global verification said at the end. */
  verdict: Record<string, unknown>;
}

/** Starts on the database, plays a short round to its end, verifies the record and stops. @throws where it cannot start */
export async function playRound(url: string, env: Record<string, string> = {}): Promise<Played> {
  const blobs = mkdtempSync(join(tmpdir(), 'plearoll-blobs-'));
  const settings = {
    ...{ DATABASE_URL: url, JWT_SECRET: SECRET, LOG_LEVEL: 'silent', PORT: '0', BLOB_DIR: blobs },
    ...{ GUARD_MAX_KEYS: '0', RATE_LIMIT_GENERAL_PER_MINUTE: '0', RATE_LIMIT_READS_PER_MINUTE: '0', ...env },
  };
  try {
    const started = await startAll(readConfig(settings, 'all'), url, SECRET, { timetable: [] });
    try {
      return { verdict: await holdSession(`http://127.0.0.1:${started.port}`) };
    } finally {
      for (const { run } of started.steps) await run();
    }
  } finally {
    rmSync(blobs, { recursive: true, force: true });
  }
}

/** A session from its creation to its completion, and what verification says of the whole record. */
export async function holdSession(url: string): Promise<Record<string, unknown>> {
  const people = cast();
  const { path } = await openSession(url, people);
  await must(post(url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
  await must(post(url, `${path}/log`, people.admin, { event_type: 'NOTE', details: { n: 1 } }));
  await must(post(url, `${path}/complete`, people.presiding));
  await must(get(url, `${path}/logs`, people.admin));
  return must(get(url, '/integrity/global-verify', person('super_admin')));
}
