/** Limits of new connections, at their defaults: by user and by real address, on all transports and relays together. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, openSession, type Person, person } from '../support/client.ts';
import {
  type Listener,
  type ListenOptions,
  listenOnSocketIo,
  listenOnSse,
  listenOnWebSocket,
} from '../support/listener.ts';
import { refusedOnSocketIo, refusedOnSse, refusedOnWebSocket } from '../support/refused.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const HOUR_MS = 3_600_000;
const VENUE = '198.51.100.77';
/** What is empty is as good as not set. */
const DEFAULTS = { WS_MAX_CONNECTIONS_PER_USER: '', WS_MAX_CONNECTIONS_PER_IP: '' };
const WAYS = [listenOnWebSocket, listenOnSocketIo, listenOnSse] as const;

let proxied: Stack;
let bare: Stack;
let people: Cast;
let sessions: Map<Stack, string>;
let addresses = 0;
const open: Listener[] = [];

beforeAll(async () => {
  if (isLeftOut) return;
  proxied = await startStack({ ...DEFAULTS, TRUSTED_PROXIES: '127.0.0.1/32', WS_ALLOWLIST: '198.51.100.0/24' });
  bare = await startStack(DEFAULTS);
  people = cast();
  const opened = [proxied, bare].map(
    async (stack) => [stack, (await openSession(stack.url, people)).session_id] as const,
  );
  sessions = new Map(await Promise.all(opened));
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await proxied?.stop();
  await bare?.stop();
});

const somebody = () => person('participant', { institution_id: people.institution_id });
/** One that no other test has. */
function anAddress(): string {
  addresses += 1;
  return `203.0.113.${addresses}`;
}
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const asking = ({ token }: Person, stack = proxied) => ({ token, session_id: sessions.get(stack)! });

/** @param nth which of the transports and relays, in turns */
async function connect(who: Person, options: Partial<ListenOptions> = {}, stack = proxied, nth = 0): Promise<Listener> {
  const url = stack.relays[nth % stack.relays.length]!;
  const listener = await WAYS[nth % WAYS.length]!(url, { ...asking(who, stack), ...options });
  open.push(listener);
  await listener.until(({ type }) => type === 'WELCOME');
  return listener;
}

async function refused(who: Person, options: { headers?: Record<string, string> } = {}, stack = proxied) {
  const [one, other = one] = stack.relays as [string, string?];
  return [
    await refusedOnWebSocket(one, asking(who, stack), options),
    await refusedOnSocketIo(other!, asking(who, stack), options),
    await refusedOnSse(one, asking(who, stack), options),
  ];
}

async function expectRefused(...[who, options, stack]: Parameters<typeof refused>): Promise<void> {
  for (const { retry_after_ms, ...refusal } of await refused(who, options, stack)) {
    expect(refusal).toEqual({ status: 429, code: 'rate_limited' });
    expect(retry_after_ms).toBeGreaterThan(HOUR_MS - 120_000);
    expect(retry_after_ms).toBeLessThanOrEqual(HOUR_MS);
  }
}

/** At all relays. */
async function admissions({ backbones }: Stack, transport: string, result: string): Promise<number> {
  const counted = await Promise.all(backbones.map(({ metrics }) => metrics.admissions.get()));
  const fits = counted.flatMap(({ values }) => values).filter(({ labels }) => labels.transport === transport);
  return fits.reduce((sum, { labels, value }) => (labels.result === result ? sum + value : sum), 0);
}

describe.skipIf(isLeftOut)(`of one user, ${kind},`, () => {
  test('three connections are new in an hour, whatever the transport and the relay', async () => {
    const who = somebody();
    for (const nth of [0, 1, 2]) await connect(who, {}, bare, nth);
    await expectRefused(who, {}, bare);
    const origin = { origin: 'https://board.example' };
    expect(await refusedOnWebSocket(bare.relayUrl, asking(who, bare), origin)).toEqual({
      ...{ close: 4429, code: 'rate_limited' },
    });
    await connect(somebody(), {}, bare);
    expect(await admissions(bare, 'websocket', 'ws_connections_per_user')).toBe(2);
    for (const transport of ['websocket', 'socketio', 'sse']) {
      expect(await admissions(bare, transport, 'new')).toBeGreaterThan(0);
    }
  });

  test('what is refused for another reason is not counted', async () => {
    const who = somebody();
    const { relayUrl } = bare;
    for (let n = 0; n < 4; n += 1) {
      const odd = { ...asking(who, bare), last_sequence: 'x' };
      expect(await refusedOnWebSocket(relayUrl, odd)).toMatchObject({ status: 422 });
      expect(await refusedOnSse(relayUrl, { ...odd, session_id: randomUUID() })).toMatchObject({ status: 404 });
    }
    for (const nth of [0, 1, 2]) await connect(who, {}, bare, nth);
    await expectRefused(who, {}, bare);
  });

  test('a resume ticket comes back uncounted, once', async () => {
    const who = somebody();
    const listeners = [];
    for (const nth of [0, 1, 2]) listeners.push(await connect(who, {}, bare, nth));
    const { resume_ticket } = listeners[0]!.messages[0]!;
    listeners[0]!.close();
    await connect(who, { resume_ticket }, bare, 1);
    const again = { ...asking(who, bare), resume_ticket };
    expect(await refusedOnWebSocket(bare.relayUrl, again)).toMatchObject({ status: 429 });
    expect(await admissions(bare, 'socketio', 'resumed')).toBe(1);
  });
});

describe.skipIf(isLeftOut)(`from one address, ${kind},`, () => {
  test('five connections are new in an hour, and one that is refused is not counted for its user', async () => {
    const address = anAddress();
    for (let nth = 0; nth < 5; nth += 1) await connect(somebody(), from(address), proxied, nth);
    const sixth = somebody();
    await expectRefused(sixth, from(address));
    for (const nth of [0, 1, 2]) await connect(sixth, from(anAddress()), proxied, nth);
    expect(await admissions(proxied, 'sse', 'ws_connections_per_ip')).toBe(1);
  });

  test('an IPv6 address is counted with all of its network', async () => {
    for (let nth = 0; nth < 5; nth += 1) await connect(somebody(), from(`2001:db8:7:7::${nth + 1}`), proxied, nth);
    await expectRefused(somebody(), from('2001:db8:7:7:ffff::1'));
    await connect(somebody(), from('2001:db8:7:8::1'));
  });

  test('an address of the allowlist, and this machine’s own, are not counted; their users are', async () => {
    for (const options of [from(VENUE), {}]) {
      for (let nth = 0; nth < 7; nth += 1) await connect(somebody(), options, proxied, nth);
      const who = somebody();
      for (const nth of [0, 1, 2]) await connect(who, options, proxied, nth);
      await expectRefused(who, options);
    }
  });

  test('a resume ticket comes back uncounted', async () => {
    const address = anAddress();
    const first = await connect(somebody(), from(address));
    const who = somebody();
    const { resume_ticket } = (await connect(who, from(address))).messages[0]!;
    for (let nth = 0; nth < 3; nth += 1) await connect(somebody(), from(address), proxied, nth);
    await connect(who, { ...from(address), resume_ticket });
    expect(first.messages[0]!.resume_ticket).not.toBe(resume_ticket);
    await expectRefused(who, from(address));
  });

  test('an address that a client claims is not believed behind a proxy that adds the real one', async () => {
    const address = anAddress();
    for (let nth = 0; nth < 5; nth += 1) {
      const claims = [anAddress(), VENUE, '127.0.0.1', 'nonsense', '::1'];
      await connect(somebody(), from(`${claims[nth]}, ${address}`), proxied, nth);
    }
    await expectRefused(somebody(), from(`${VENUE}, ${address}`));
    await expectRefused(somebody(), from(`${address}, 127.0.0.1`));
  });

  test('nor anything that it claims where no proxy is trusted', async () => {
    const address = anAddress();
    for (let nth = 0; nth < 12; nth += 1) await connect(somebody(), from(address), bare, nth);
  });

  test('a hundred refusals in ten seconds are followed by no look at what is asked', async () => {
    const address = await refusedAHundredTimes();
    const refusal = await refusedOnWebSocket(proxied.relays[0]!, asking(somebody()), from(address));
    expect(refusal).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(refusal.retry_after_ms).toBeLessThanOrEqual(10_000);
    await connect(somebody(), from(anAddress()));
  });

  /** Within well under ten seconds, which a busy machine does not manage each time. */
  async function refusedAHundredTimes(): Promise<string> {
    const address = anAddress();
    const began = performance.now();
    const flood = Array.from({ length: 101 }, (_, n) =>
      refusedOnSse(proxied.relays[0]!, { session_id: randomUUID(), token: `${n}` }, from(address)),
    );
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    if (performance.now() - began > 5_000) return refusedAHundredTimes();
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(100);
    return address;
  }
});
