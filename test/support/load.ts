/**
 * Load with a memory: clients that each send one command after the other, never give up on one, and write down every
 * answer. A command that was not answered is sent again under its Idempotency-Key, to whichever API comes next. Every
 * second client waits for no outcome, so that it may have several commands under way in one session.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Cast, type Person, person, post } from './client.ts';
import { until } from './processes.ts';

/** One command as its client saw it. */
export interface Sent {
  client: number;
  /** Which of the client's commands. */
  n: number;
  session_id: string;
  key: string;
  /** The final answer; undefined when the load was stopped first. */
  answer: Answer | undefined;
  /** Why it had to be sent again: `503`, or the code of the connection's fault. */
  failures: string[];
  /** The API that is asked just now. */
  at: string | undefined;
}

export interface Load {
  sent: Sent[];
  /** Resolves when so many more commands are answered with their outcome. */
  answered(more: number): Promise<void>;
  /** From now on to these APIs. */
  turnTo(apis: string[]): void;
  /** Every client finishes the command it is at. */
  stop(): Promise<Sent[]>;
}

export interface LoadOptions {
  apis: string[];
  people: Cast;
  sessions: string[];
  clients?: number;
  /** Of the clients that wait. */
  headers?: Record<string, string>;
  /** Between an answer and the client's next command while no `answered` is awaited. */
  idle_ms?: number;
}

/** Between an answer and the client's next command: there are other things to see to than load. */
export const PACE_MS = 15;
/** What is struck is struck at the full pace; the half minute in which it recovers needs load, and no core for it. */
const IDLE_MS = 500;
const PAUSE_MS = 200;
const GIVE_UP_AFTER_MS = 60_000;

export function startLoad({ people, sessions, clients = 8, headers = {}, ...given }: LoadOptions): Load {
  let { apis } = given;
  const { idle_ms = IDLE_MS } = given;
  let awaited = 0;
  const sent: Sent[] = [];
  let stopped = false;
  let done = 0;

  async function run(client: number): Promise<void> {
    const who = person('admin', { institution_id: people.institution_id });
    for (let n = 0; !stopped; n += 1) {
      const session_id = sessions[(client + n) % sessions.length]!;
      const one: Sent = { client, n, session_id, key: randomUUID(), answer: undefined, failures: [], at: undefined };
      sent.push(one);
      await deliver(one, who);
      if (one.answer?.status !== 202) done += 1;
      await sleep(awaited > 0 ? PACE_MS : idle_ms);
    }
  }

  async function deliver(one: Sent, who: Person): Promise<void> {
    const { client, n, session_id, key, failures } = one;
    const body = { event_type: 'NOTE', details: { client, n } };
    const deadline = performance.now() + GIVE_UP_AFTER_MS;
    while (performance.now() < deadline) {
      const api = apis[(client + n + failures.length) % apis.length]!;
      one.at = api;
      const tried = await post(api, `/api/session/${session_id}/log`, who, body, {
        'idempotency-key': key,
        prefer: client % 2 === 1 ? 'respond-async' : 'wait=5',
        ...(client % 2 === 0 && headers),
      }).catch((error) => codeOf(error));
      one.at = undefined;
      if (typeof tried !== 'string' && tried.status !== 503) {
        one.answer = tried;
        return;
      }
      failures.push(typeof tried === 'string' ? tried : '503');
      await sleep(PAUSE_MS);
    }
    throw new Error(`command ${n} of client ${client} was never answered: ${failures.slice(-5)}`);
  }

  const running = Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  running.catch(() => {
    stopped = true;
  });
  return {
    sent,
    answered: async (more) => {
      const goal = done + more;
      awaited += 1;
      await until(`${more} more answers`, () => done >= goal, GIVE_UP_AFTER_MS).finally(() => {
        awaited -= 1;
      });
    },
    turnTo: (others) => {
      apis = others;
    },
    stop: async () => {
      stopped = true;
      await running;
      return sent;
    },
  };
}

/** The code of a failed fetch: ECONNREFUSED is a clean refusal, everything else leaves the sender in doubt. */
function codeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string }; message: string };
  return cause?.code ?? message;
}
