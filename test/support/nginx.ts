/** nginx in front of a test's servers, on a free port: with nothing set but where it leads, or as a page has it. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onFreePort } from './ports.ts';
import { until } from './processes.ts';

export interface Nginx {
  url: string;
  stop(): Promise<void>;
}

// Debian keeps it where an ordinary user's PATH does not lead.
const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) };

export const hasNginx = spawnSync('nginx', ['-v'], { env }).status === 0;

/** @param directives of its `location`, beside `proxy_pass` */
export function startNginx(target: string, directives: string[] = []): Promise<Nginx> {
  const location = [`proxy_pass ${target};`, 'proxy_http_version 1.1;', ...directives].join(' ');
  return runNginx((port) => `server { listen 127.0.0.1:${port}; location / { ${location} } }`);
}

/** @param http what its `http` block holds */
export function runNginx(http: (port: number) => string): Promise<Nginx> {
  return onFreePort((port) => runOn(port, http(port)));
}

async function runOn(port: number, http: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-nginx-'));
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(' ');
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    // Bodies stay in memory: started by root, its workers may not write into our folder.
    `daemon off; pid ${join(folder, 'pid')}; error_log stderr; worker_processes 1; events {}
    http { access_log off; client_body_buffer_size 8m; ${temporary} ${http} }`,
  );
  const nginx = spawn('nginx', ['-p', folder, '-c', config, '-e', 'stderr'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  nginx.stderr.on('data', (text) => said.push(String(text)));
  const gone = new Promise<void>((resolve) => void nginx.once('exit', () => resolve()));
  await until('nginx listens', () => {
    if (nginx.exitCode !== null) throw new Error(`nginx has ended:\n${said.join('')}`);
    return isListening(port);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      nginx.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
