/**
 * What one connection may ask of a server: its requests are served one after the other, so that no more than one answer
 * of it is in memory; a few may be sent ahead (pipelining); and an answer that nobody reads ends it. Node alone would
 * start every request of a chunk at once, and would never tell of the answers whose connection is gone.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that wait for their turn. */
const MAX_AHEAD = 16;
/** What a connection sends beyond them is not served; beyond this the connection is cut. */
const MAX_DROPPED = 64;
const CHECK_EVERY_MS = 1_000;

type Exchange = [req: IncomingMessage, res: ServerResponse];

/** The requests of one connection. */
interface Line {
  current: ServerResponse | undefined;
  waiting: Exchange[];
  dropped: number;
  whenIdle: (() => void)[];
  /** Bytes that the peer's side has taken, and since when no more of them. */
  taken: number;
  since: number;
}

/** Settings beside those that Node knows. */
export type LimitedServer = Server & {
  /** How long the peer may take nothing of an answer that waits for it, in ms. */
  unreadTimeout?: number;
};

const lines = new WeakMap<Socket, Line>();

/** @returns the answers under way, of each connection the last: it may say that no more are given */
export function serveInTurn(server: LimitedServer): () => ServerResponse[] {
  const open = new Map<Socket, Line>();
  const emit = server.emit.bind(server) as (name: string, ...told: unknown[]) => boolean;
  server.emit = (name: string, ...told: unknown[]) =>
    name === 'request' ? enqueue(...(told as Exchange)) : emit(name, ...told);

  function enqueue(req: IncomingMessage, res: ServerResponse): boolean {
    const { socket } = req;
    if (socket.destroyed) return true;
    const line = open.get(socket) ?? openLine(socket);
    if (!line.current) serve(socket, line, [req, res]);
    else if (line.dropped === 0 && line.waiting.length < MAX_AHEAD) line.waiting.push([req, res]);
    else drop(socket, line);
    return true;
  }

  function openLine(socket: Socket): Line {
    const line: Line = { current: undefined, waiting: [], dropped: 0, whenIdle: [], taken: 0, since: 0 };
    open.set(socket, line);
    lines.set(socket, line);
    socket.once('close', () => {
      line.waiting = [];
      open.delete(socket);
    });
    return line;
  }

  function serve(socket: Socket, line: Line, [req, res]: Exchange): void {
    line.current = res;
    line.since = performance.now();
    emit('request', req, res);
    // Behind those who were served it, so that they have done with it before the next comes.
    res.once('close', () => {
      line.current = undefined;
      if (socket.destroyed) return;
      const next = line.waiting.shift();
      if (next) serve(socket, line, next);
      else for (const proceed of line.whenIdle.splice(0)) proceed();
    });
  }

  /** Those accepted are answered, and the last of them says that the connection ends with it. */
  function drop(socket: Socket, line: Line): void {
    const last = line.waiting.at(-1);
    if (last) sayGoodbye(last[1]);
    line.dropped += 1;
    if (line.dropped > MAX_DROPPED) socket.destroy();
  }

  function endUnread(): void {
    const now = performance.now();
    for (const [socket, line] of open) {
      const taken = takenOf(socket);
      const isTaken = !line.current || socket.writableLength === 0 || taken !== line.taken;
      if (isTaken || isStream(line.current)) line.since = now;
      else if (now - line.since > (server.unreadTimeout ?? Number.POSITIVE_INFINITY)) socket.destroy();
      line.taken = taken;
    }
  }

  const checking = setInterval(endUnread, CHECK_EVERY_MS).unref();
  server.once('close', () => clearInterval(checking));
  return () => [...open.values()].flatMap(({ current, waiting }) => waiting.at(-1)?.[1] ?? current ?? []);
}

/** Events that are sent as they come: the relay bounds how long they may wait. */
function isStream(answer: ServerResponse | undefined): boolean {
  return answer?.getHeader('content-type') === 'text/event-stream';
}

/** Calls back when the connection owes no answer, at once where it owes none. For a socket that Node has handed over. */
export function whenAnswered(socket: Socket, proceed: () => void): void {
  const line = lines.get(socket);
  if (!line?.current) {
    proceed();
    return;
  }
  // Node tells answers of a socket that it handed over no more of when they may go on.
  const wake = () => line.current?.emit('drain');
  socket.on('drain', wake);
  line.whenIdle.push(() => {
    socket.off('drain', wake);
    proceed();
  });
}

export function sayGoodbye(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

/** Node counts a write as a whole; the queue of its handle shrinks with every piece that the kernel takes. */
function takenOf(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle: { writeQueueSize: number } | null };
  return socket.bytesWritten - (_handle?.writeQueueSize ?? 0);
}
