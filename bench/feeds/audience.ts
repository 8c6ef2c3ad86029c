/** Boards in a process of their own: each connection follows so many matches, and notes how late each change comes. */
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

export type BoardsOrder =
  | {
      order: 'follow';
      isPeer: boolean;
      url: string;
      token: string;
      ids: readonly string[];
      connections: number;
      each: number;
    }
  | { order: 'count' };

export type BoardsMessage = { kind: 'followed'; failed: number } | { kind: 'seen'; samples: number[]; closed: number };

type Follow = Extract<BoardsOrder, { order: 'follow' }>;

/** So many connections are made at a time. */
const AT_ONCE = 20;
const WITHIN_MS = 30_000;
const now = () => performance.timeOrigin + performance.now();

let samples: number[] = [];
let closed = 0;

/** @param state as it is, or its changes */
function note(state: { title?: string }): void {
  const [, at] = /^at (.+)$/.exec(state.title ?? '') ?? [];
  if (at !== undefined) samples.push(now() - Number(at));
}

/** @returns how many subscriptions were not answered */
async function follow({ isPeer, url, token, ids, connections, each }: Follow): Promise<number> {
  let failed = 0;
  for (let from = 0; from < connections; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, connections - from) }, (_, n) => from + n);
    const open = isPeer ? openPeer : openOurs;
    const answered = await Promise.all(
      some.map((n) =>
        open(
          url,
          token,
          Array.from({ length: each }, (_, i) => ids[(n * each + i) % ids.length]!),
        ),
      ),
    );
    failed += answered.reduce((sum, count) => sum + each - count, 0);
  }
  return failed;
}

function openOurs(url: string, token: string, ids: string[]): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/feeds/ws?token=${token}`);
  return answersOf(ids.length, (onAnswer) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'delta') note(message.changed);
      if (message.type === 'snapshot') onAnswer();
      if (message.type === 'ping') socket.send('{"type":"pong"}');
    });
    socket.on('open', () => {
      for (const match_id of ids) socket.send(JSON.stringify({ type: 'subscribe', match_id, tiers: [0] }));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      closed += 1;
    });
  });
}

function openPeer(url: string, _token: string, ids: string[]): Promise<number> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
  return answersOf(ids.length, (onAnswer) => {
    socket.on('delta', ({ state }: { state: { title?: string } }) => note(state));
    socket.on('connect', () => {
      for (const match_id of ids) socket.emit('subscribe', match_id, onAnswer);
    });
    socket.on('disconnect', () => {
      closed += 1;
    });
  });
}

/** @returns how many came in time */
function answersOf(wanted: number, begin: (onAnswer: () => void) => void): Promise<number> {
  return new Promise((resolve) => {
    let count = 0;
    const late = setTimeout(() => resolve(count), WITHIN_MS);
    begin(() => {
      count += 1;
      if (count < wanted) return;
      clearTimeout(late);
      resolve(count);
    });
  });
}

process.on('message', async (order: BoardsOrder) => {
  if (order.order === 'follow') {
    process.send!({ kind: 'followed', failed: await follow(order) } satisfies BoardsMessage);
    return;
  }
  process.send!({ kind: 'seen', samples, closed } satisfies BoardsMessage);
  [samples, closed] = [[], 0];
});
process.once('disconnect', () => process.exit(0));
