/** PgBouncer in front of a test's Postgres, on a free port, in the mode that is asked for. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onFreePort } from './ports.ts';
import { until } from './processes.ts';

export interface Bouncer {
  /** Of the same database and login, by way of PgBouncer. */
  url: string;
  stop(): Promise<void>;
}

// Debian keeps it where an ordinary user's PATH does not lead.
const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) };

export const hasBouncer = spawnSync('pgbouncer', ['--version'], { env }).status === 0;

type Mode = 'session' | 'transaction' | 'statement';
type Settings = Record<string, string | number>;

/** @param settings of pgbouncer.ini, beside the mode */
export function startBouncer(url: string, mode: Mode, settings: Settings = {}): Promise<Bouncer> {
  return onFreePort((own) => startOn(own, url, mode, settings));
}

async function startOn(own: number, url: string, mode: Mode, settings: Settings): Promise<Bouncer> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-bouncer-'));
  const lines = {
    ...{ listen_addr: '127.0.0.1', listen_port: own, unix_socket_dir: '', auth_type: 'plain' },
    ...{ auth_file: join(folder, 'users'), pool_mode: mode, default_pool_size: 60, ...settings },
  };
  const ini = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users'), `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(file, `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${ini.join('\n')}\n`);
  const bouncer = launch(folder, file);
  const said: string[] = [];
  bouncer.stderr!.on('data', (text) => said.push(String(text)));
  const gone = new Promise<void>((resolve) => void bouncer.once('exit', () => resolve()));
  await until('PgBouncer listens', () => {
    if (bouncer.exitCode !== null) throw new Error(`PgBouncer has ended:\n${said.join('')}`);
    return isListening(own);
  });
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`,
    async stop() {
      bouncer.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** It refuses to run as root. */
function launch(folder: string, file: string): ChildProcess {
  const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
  if (process.geteuid?.() !== 0) return spawn('pgbouncer', [file], { env, stdio });
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })));
  for (const path of [folder, file, join(folder, 'users')]) chownSync(path, uid!, gid!);
  return spawn('pgbouncer', [file], { env, stdio, uid: uid!, gid: gid! });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
