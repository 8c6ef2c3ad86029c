/** A Redis of one's own on a free port, with nothing kept on disk: it can be flushed, killed and brought back empty. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

export interface TestRedis {
  url: string;
  port: number;
  /** SIGKILL: whatever it held is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay, and it says nothing. */
  freeze(): void;
  thaw(): void;
  /** Back on the same port, empty. */
  restart(policy?: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws where neither redis-server nor valkey-server is on the PATH */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let server = await launch(port);
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async restart(policy) {
      await kill();
      server = await launch(port, policy);
    },
    stop: kill,
  };
}

async function launch(port: number, policy = 'noeviction'): Promise<ChildProcess> {
  for (const program of ['redis-server', 'valkey-server']) {
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const server = spawn(program, [...args, '--maxmemory-policy', policy], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ready = new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false));
      server.on('exit', () => resolve(false));
      server.stdout.on('data', (text: Buffer) => {
        if (String(text).includes('Ready to accept connections')) resolve(true);
      });
    });
    if (await ready) return server;
  }
  throw new Error('neither redis-server nor valkey-server could be started');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
