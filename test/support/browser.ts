/** A headless Chromium where the machine has one, spoken to over its DevTools protocol. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Json } from './client.ts';
import { until } from './processes.ts';

/** Undefined where there is none; tests in a browser are left out then. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

export interface Page {
  open(url: string): Promise<void>;
  /** The value of an expression in the page. */
  ask(expression: string): Promise<any>;
  /** Resolves when the expression is true enough. */
  until(expression: string): Promise<any>;
  /** A picture as PNG. */
  picture(): Promise<Buffer>;
  /** Whatever the page complained of on its console. */
  complaints: string[];
}

export interface Browser {
  newPage(width: number, height: number): Promise<Page>;
  close(): Promise<void>;
}

const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];

export async function startBrowser(): Promise<Browser> {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-browser-'));
  const flags = [...FLAGS, '--remote-debugging-port=0', `--user-data-dir=${home}`];
  const child = spawn(chromium!, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const socket = new WebSocket(await addressOf(child), { maxPayload: 2 ** 28 });
  await once(socket, 'open');
  const answers = new Map<number, (answer: Json) => void>();
  const heard = new Set<(message: Json) => void>();
  let asked = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Json;
    if (message.id === undefined) for (const hear of heard) hear(message);
    else answers.get(message.id)?.(message);
  });

  async function call(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
    asked += 1;
    const id = asked;
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await new Promise<Json>((resolve) => answers.set(id, resolve));
    answers.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async function newPage(width: number, height: number): Promise<Page> {
    const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
    const complaints: string[] = [];
    heard.add(({ method, params, sessionId: of }) => {
      if (of !== sessionId) return;
      if (method === 'Log.entryAdded' && params.entry.level === 'error') complaints.push(params.entry.text);
      if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params.exceptionDetails).slice(0, 500));
    });
    for (const domain of ['Page', 'Runtime', 'Log']) await call(`${domain}.enable`, {}, sessionId);
    await call(
      'Emulation.setDeviceMetricsOverride',
      { width, height, deviceScaleFactor: 1, mobile: width < 600 },
      sessionId,
    );
    const ask = async (expression: string) => {
      const asking = { expression, returnByValue: true, awaitPromise: true };
      const { result, exceptionDetails } = await call('Runtime.evaluate', asking, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    return {
      async open(url) {
        await call('Page.navigate', { url }, sessionId);
      },
      ask,
      until: (expression) => until(expression, () => ask(expression).catch(() => false)),
      async picture() {
        const { data } = await call(
          'Page.captureScreenshot',
          { format: 'png', captureBeyondViewport: true },
          sessionId,
        );
        return Buffer.from(data, 'base64');
      },
      complaints,
    };
  }

  return {
    newPage,
    async close() {
      const ended = once(child, 'exit');
      // With the processes that it started.
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
      socket.terminate();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (text) => {
      said += text;
      const [, address] = /DevTools listening on (\S+)/.exec(said) ?? [];
      if (address) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the browser ended with ${code}: ${said.slice(-1_000)}`)));
  });
}

/** PICTURES=<folder> keeps what was seen there. */
export async function keepPicture(name: string, picture: Promise<Buffer>): Promise<void> {
  const { PICTURES } = process.env;
  if (PICTURES) await writeFile(`${PICTURES}/${name}.png`, await picture);
}
