/**
 * How many events a second the client verifies: from the text of a message to the callback, in Node and, where there is one, in
 * Chromium. The connection is a stand-in that says everything at once, so that nothing but the client is measured.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from '../src/client/node.ts';
import { newCommandId } from '../src/core/chain/ids.ts';
import { chainEvent, EMPTY_HEAD, exportedEvent, headAfter } from '../src/core/chain/ledger.ts';
import { sessionStream } from '../src/court/sessions/session.ts';
import { chromium, startBrowser } from '../test/support/browser.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';

const EVENTS = 20_000;
/** Of the payload's text: an event is then about a kilobyte of JSON. */
const TEXT = 'x'.repeat(300);
const WARM_UP = 3;
const MEASURED = 10;
const LEAST_PER_SECOND = 100_000;

/** Events a second of each run, one after the other. It is run as its own text in a browser too. */
type Measure = (
  connectWith: typeof connect,
  told: { session: string; texts: string[] },
  runs: number,
) => Promise<number[]>;

const measure: Measure = async (connectWith, { session, texts }, runs) => {
  class Told {
    readyState = 1;
    listeners: { [type: string]: (event: object) => void } = {};
    constructor() {
      started.push(this);
    }
    addEventListener(type: string, listener: (event: object) => void) {
      this.listeners[type] = listener;
    }
    send() {}
    close() {}
  }
  const started: Told[] = [];
  const rates: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    let count = 0;
    const client = connectWith({ url: 'http://127.0.0.1:1', session, from: 0, WebSocket: Told as never });
    client.on('event', () => {
      count += 1;
    });
    while (started.length <= run) await new Promise((resolve) => setTimeout(resolve, 1));
    const { message } = started[run]!.listeners;
    const began = performance.now();
    for (const data of texts) message!({ data });
    const passed_ms = performance.now() - began;
    client.close();
    if (count !== texts.length) throw new Error(`${count} of ${texts.length} events were given out`);
    rates.push((count / passed_ms) * 1_000);
  }
  return rates;
};

export async function benchClient({ rounds }: BenchOptions): Promise<void> {
  const told = chainOf(EVENTS);
  const runs = WARM_UP + MEASURED * rounds;
  const rates: { [where: string]: number } = { node: median((await measure(connect, told, runs)).slice(WARM_UP)) };
  if (chromium) rates.chromium = median((await measureInBrowser(told, runs)).slice(WARM_UP));
  else console.error('no Chromium on this machine');
  const rows = Object.entries(rates).map(([where, rate]) => [where, Math.round(rate)]);
  console.log(`\n${table(['in', 'events a second'], rows)}`);
  console.log(`\nin Node at least ${LEAST_PER_SECOND} are wanted`);
  await keepResults('client', { events: EVENTS, text_bytes: told.texts[0]!.length, events_per_second: rates });
}

/** A session's events as the relay sends them. */
function chainOf(count: number): { session: string; texts: string[] } {
  const session = randomUUID();
  const texts: string[] = [];
  let head = EMPTY_HEAD;
  for (let n = 1; n <= count; n += 1) {
    const note = { kind: 'session', type: 'NOTE', payload: { n, text: TEXT } };
    const row = chainEvent(`session:${session}`, head, note, newCommandId(), 'system', new Date(n).toISOString());
    head = headAfter(row);
    texts.push(JSON.stringify({ type: 'EVENT', ...exportedEvent(row, sessionStream) }));
  }
  return { session, texts };
}

async function measureInBrowser(told: object, runs: number): Promise<number[]> {
  const files: { [path: string]: [type: string, bytes: Buffer] } = {
    '/': ['text/html', Buffer.from('<!doctype html><title>bench</title>')],
    '/client.js': ['text/javascript', await readFile(join(process.cwd(), 'dist/client/client.js'))],
    '/told.json': ['application/json', Buffer.from(JSON.stringify(told))],
  };
  const server = createServer((req, res) => {
    const [type, bytes] = files[req.url!] ?? ['text/plain', Buffer.alloc(0)];
    res.writeHead(200, { 'content-type': type }).end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await startBrowser();
  try {
    const page = await browser.newPage(800, 600);
    await page.open(url);
    await page.until(`document.title === 'bench'`);
    return await page.ask(
      `Promise.all([import('/client.js'), fetch('/told.json').then((told) => told.json())])
        .then(([{ connect }, told]) => (${measure})(connect, told, ${runs}))`,
    );
  } finally {
    await browser.close();
    server.close();
  }
}
