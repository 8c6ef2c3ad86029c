/**
 * Producers with a memory. Each sends one command after the other and never gives up on one: what was not answered is
 * sent again under its Idempotency-Key, to whichever API comes next. Every try and every answer is written down.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../src/core/definitions/event.ts';
import { type Cast, type Person, post } from '../test/support/client.ts';
import { until } from '../test/support/processes.ts';

export interface Answer {
  status: number;
  replayed: boolean;
  body: JsonObject;
}

/** One command as its client saw it. */
export interface Sent {
  client: string;
  /** Which of the client's commands. */
  n: number;
  session_id: string;
  verb: string;
  key: string;
  /** Milliseconds of the run's clock, and why it had to be sent again: `503`, or the code of the connection's fault. */
  failures: { at_ms: number; why: string }[];
  /** Milliseconds of the run's clock. */
  sent_ms: number;
  answered_ms: number | null;
  answer: Answer | null;
}

export interface Order {
  client: string;
  n: number;
  session_id: string;
  verb: string;
  body: JsonObject;
  who: Person;
  prefer?: string;
}

export interface Sender {
  sent: Sent[];
  /** Resolves when there is an answer, or after two minutes without one. */
  deliver(order: Order): Promise<Sent>;
}

export interface Producers {
  /** Resolves when so many more commands are answered. */
  answered(more: number): Promise<void>;
  /** Every client finishes the command it is at. */
  stop(): Promise<void>;
}

const PAUSE_MS = 50;
const PACE_MS = 15;
const TRY_FOR_MS = 15_000;
const GIVE_UP_AFTER_MS = 120_000;

/** @param apis where they are just now */
export function createSender(apis: () => string[]): Sender {
  const sent: Sent[] = [];
  let tries = 0;

  async function deliver({ client, n, session_id, verb, body, who, prefer }: Order): Promise<Sent> {
    const began = performance.now();
    const one: Sent = {
      client,
      n,
      session_id,
      verb,
      key: randomUUID(),
      failures: [],
      sent_ms: Math.round(began),
      answered_ms: null,
      answer: null,
    };
    sent.push(one);
    while (performance.now() - began < GIVE_UP_AFTER_MS) {
      const urls = apis();
      tries += 1;
      const tried = await attempt(urls[tries % urls.length]!, one, body, who, prefer);
      if (typeof tried !== 'string')
        return Object.assign(one, { answer: tried, answered_ms: Math.round(performance.now()) });
      one.failures.push({ at_ms: Math.round(performance.now()), why: tried });
      await sleep(PAUSE_MS);
    }
    return one;
  }

  return { sent, deliver };
}

/** @returns the answer, or why there is none */
async function attempt(url: string, { session_id, verb, key }: Sent, body: JsonObject, who: Person, prefer?: string) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), TRY_FOR_MS);
  });
  const headers = { 'idempotency-key': key, ...(prefer !== undefined && { prefer }) };
  const answer = post(url, `/api/session/${session_id}/${verb}`, who, body, headers).then(
    ({ status, headers, body }) =>
      status === 503 ? '503' : { status, replayed: headers.get('idempotent-replayed') === 'true', body },
    codeOf,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function codeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string }; message: string };
  return cause?.code ?? message;
}

/**
 * Clerks who write entries, every second one without waiting for outcomes, so that several of its commands are under
 * way in one session; and in each session a counsel who joins and leaves, sometimes against the rules.
 * @param pace_ms how long each waits after an answer
 */
export function startProducers(
  sender: Sender,
  people: Cast,
  sessions: string[],
  clerks: number,
  pace_ms = PACE_MS,
): Producers {
  let stopped = false;
  let done = 0;

  async function clerk(number: number): Promise<void> {
    const prefer = number % 2 === 1 ? 'respond-async' : 'wait=10';
    for (let n = 0; !stopped; n += 1) {
      const session_id = sessions[(number + n) % sessions.length]!;
      const body = { event_type: 'NOTE', details: { clerk: number, n } };
      await send({ client: `clerk ${number}`, n, session_id, verb: 'log', body, who: people.admin, prefer });
    }
  }

  async function counsel(session_id: string): Promise<void> {
    const verbs = ['join', 'leave', 'leave', 'join', 'join', 'leave'];
    for (let n = 0; !stopped; n += 1) {
      const verb = verbs[n % verbs.length]!;
      const body: JsonObject = verb === 'join' ? { role: 'petitioner' } : {};
      await send({ client: `counsel of ${session_id}`, n, session_id, verb, body, who: people.petitioner });
    }
  }

  async function send(order: Order): Promise<void> {
    await sender.deliver(order);
    done += 1;
    await sleep(pace_ms);
  }

  const running = Promise.all([
    ...Array.from({ length: clerks }, (_, number) => clerk(number)),
    ...sessions.map(counsel),
  ]);
  return {
    answered: async (more) => {
      const goal = done + more;
      await until(`${more} more answers`, () => done >= goal, GIVE_UP_AFTER_MS);
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}
