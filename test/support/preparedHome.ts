/** A home in which Postgres has its data and the schema, made once in a run and copied: initdb and migrating take seconds. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';

/** @param home an empty folder, which becomes as `npm start` leaves its own */
export async function prepareHome(home: string): Promise<void> {
  const prepared = join(inject('home'), 'prepared');
  if (!existsSync(prepared)) await make(prepared);
  // Owners too: as root, the data belong to another user.
  await promisify(execFile)('cp', ['-Rp', `${prepared}/.`, home]);
}

async function make(prepared: string): Promise<void> {
  const draft = await mkdtemp(`${prepared}-`);
  const postgres = await startEmbeddedPostgres({ home: draft, say: () => {} });
  await migrate(postgres.url).finally(() => postgres.stop());
  // At once, beside another worker that makes one at the same time: one of the two is enough.
  await rename(draft, prepared).catch(() => rm(draft, { recursive: true, force: true }));
}
