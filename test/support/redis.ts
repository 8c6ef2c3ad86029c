/**
 * A Redis of one's own on a free port, with nothing kept on disk: it can be flushed, killed and brought back empty,
 * demoted, filled up and stopped. A wire before it (wire.ts) makes it hang, or leads one address to another server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { openRedis, type RedisServer } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { freePort, onFreePort } from './ports.ts';

export interface TestRedis {
  url: string;
  port: number;
  /** SIGKILL: whatever it held is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay, and it says nothing. */
  freeze(): void;
  thaw(): void;
  /** Back on the same port, empty. */
  restart(policy?: string, options?: string[]): Promise<void>;
  /** One command, and its answer. */
  tell(command: string, ...args: (string | number)[]): Promise<unknown>;
  /** A replica of that one, as a failover leaves a master behind; without one, of a server that is not there. */
  demote(master?: TestRedis): Promise<void>;
  promote(): Promise<void>;
  /** It has no room for anything more, until it is told otherwise. */
  fill(): Promise<void>;
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** @param options of the server's command line @throws where neither redis-server nor valkey-server is on the PATH */
export async function startRedis(options: string[] = []): Promise<TestRedis> {
  let server!: ChildProcess;
  const port = await onFreePort(async (free) => {
    server = await launch(free, options);
    return free;
  });
  const url = `redis://127.0.0.1:${port}`;
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  const tell = async (command: string, ...args: (string | number)[]) => {
    const client = new Redis(url);
    return client.call(command, ...args).finally(() => client.disconnect());
  };
  return {
    url,
    port,
    kill,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async restart(policy, others = options) {
      await kill();
      server = await launch(port, others, policy);
    },
    tell,
    demote: async (master) => void (await tell('REPLICAOF', '127.0.0.1', master?.port ?? (await freePort()))),
    promote: async () => void (await tell('REPLICAOF', 'NO', 'ONE')),
    fill: async () => void (await tell('CONFIG', 'SET', 'maxmemory', 1)),
    empty: async () => void (await tell('CONFIG', 'SET', 'maxmemory', 0)),
    stop: kill,
  };
}

async function launch(port: number, options: string[], policy = 'noeviction'): Promise<ChildProcess> {
  for (const program of ['redis-server', 'valkey-server']) {
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    args.push('--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb');
    const server = spawn(program, [...args, '--maxmemory-policy', policy, ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ready = new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false));
      server.on('exit', () => resolve(false));
      server.stdout.on('data', (text: Buffer) => {
        if (String(text).includes('Ready to accept connections')) resolve(true);
      });
    });
    if (await ready) return untilExit(server);
  }
  throw new Error('neither redis-server nor valkey-server could be started');
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();
const PATIENCE_MS = 20_000;
process.on('exit', () => {
  for (const server of running) server.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A run that is interrupted stops nothing. */
function untilExit(server: ChildProcess): ChildProcess {
  running.add(server);
  server.once('exit', () => running.delete(server));
  return server;
}

/** What makes it a Cluster of one node. */
export function clusterOptions(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-redis-'));
  folders.add(folder);
  return ['--cluster-enabled', 'yes', '--cluster-config-file', join(folder, 'nodes.conf')];
}

/** A Redis as our processes use it, said nothing of; to be closed. */
export function useRedis(url: string, prefix = ''): RedisServer {
  return openRedis({ url, process: 'test', prefix, log: createLog('silent', 'test') });
}

/** For tests whose Redis is never away: they wait for its answers as long as a busy machine takes. */
export function useRedisPatiently(url: string): RedisServer {
  const server = useRedis(url);
  return { ...server, ask: (question) => server.ask(question, PATIENCE_MS) };
}
