/**
 * The peer that is no Node: Debian's nats-server, over WebSocket and with nothing else to do. This process only starts it
 * and tells that it serves; where nats-server is not installed there is no such peer.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasNats = () => spawnSync('nats-server', ['--version']).status === 0;

/** Of `PUB`: what is said to the server's port of clients. */
export interface NatsPublisher {
  publish(subject: string, payload: string): void;
}

export function openNatsPublisher(port: number): NatsPublisher {
  let socket: Socket | undefined;

  function open(): Socket {
    const opened = connect(port, '127.0.0.1').setNoDelay(true);
    opened.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
    opened.on('data', (bytes) => {
      if (String(bytes).includes('PING\r\n')) opened.write('PONG\r\n');
    });
    return opened;
  }

  function publish(subject: string, payload: string): void {
    socket ??= open();
    socket.write(`PUB ${subject} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
  }

  return { publish };
}

async function serve({ NATS_PORT, NATS_WS_PORT, PORT }: NodeJS.ProcessEnv): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-nats-'));
  const config = join(folder, 'nats.conf');
  const listeners = `websocket { host: 127.0.0.1, port: ${NATS_WS_PORT}, no_tls: true, compression: false }`;
  writeFileSync(config, `host: 127.0.0.1\nport: ${NATS_PORT}\n${listeners}\n`);
  const nats = spawn('nats-server', ['-c', config], { stdio: 'ignore' });
  process.on('exit', () => {
    nats.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  process.once('SIGTERM', () => process.exit(0));
  nats.once('exit', () => process.exit(1));
  await untilListening(Number(NATS_WS_PORT));
  createServer((_req, res) => res.end('ready')).listen(Number(PORT), '127.0.0.1');
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

if (process.argv[1] === import.meta.filename) await serve(process.env);
