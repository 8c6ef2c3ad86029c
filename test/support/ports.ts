/** Ports of a test's own servers, which keep them while they are away for a moment. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that the system hands out: a server that is away for a while, or not there yet, keeps its port, though
 * others listen on any port and connect from any. The second port of a node of a Cluster, 10,000 further, is below them, too.
 */
const [FIRST_PORT, PORTS, WORKERS] = [10_240, 12_000, 12];
/** Those of one of vitest's workers: what waits to be listened on is chosen by no other. */
const SHARE = PORTS / WORKERS;
const FIRST_OF_WORKER = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS) * SHARE;
const TRIES = 5;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_OF_WORKER + randomInt(SHARE);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** A port that was free may be taken until the server is up, by another run of the tests: it is given another then. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, tries = TRIES): Promise<T> {
  try {
    return await start(await freePort());
  } catch (fault) {
    if (tries === 1) throw fault;
    return onFreePort(start, tries - 1);
  }
}
