/**
 * Loaded before the entry of one of our processes, which otherwise runs as an operator has it. On SIGUSR2
 * the process reads its orders, `<moment> <n> <signal>`, and sends itself that signal when it comes to the
 * moment for the n-th time; `clock <seconds>` is an order at once, its clock goes so much before. In a worker, log entries obey `details.poison`: `throw`, `hang` or `exit`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

/** K1: in the inbox, not rung. K2: rung. K3: COMMIT not yet sent. K4: committed, not published. K5: published. */
export type Moment = 'accepted' | 'rung' | 'in_transaction' | 'committed' | 'published' | 'clock' | LogMoment;

/** Of the sequencer and the signer, told by what they ask the database for. */
type LogMoment = 'queue_taken' | 'leaves_added' | 'log_moved' | 'growth_read' | 'publishing' | 'delivering';

/** Reached when such a statement is answered, or about to be sent. */
const STATEMENTS: [LogMoment, statement: RegExp, when: 'sent' | 'answered'][] = [
  ['queue_taken', /delete from log_queue where id in/, 'answered'],
  ['leaves_added', /insert into log_leaves/, 'answered'],
  ['log_moved', /update log_state set size = \$1, low_water/, 'answered'],
  ['growth_read', /from log_leaves l left join events e .* where l.index >= \$1/s, 'answered'],
  ['publishing', /insert into log_checkpoints/, 'sent'],
  ['delivering', /insert into log_sinks/, 'sent'],
];

let orders = { moment: '', left: 0, signal: 'SIGKILL' };

process.on('SIGUSR2', () => {
  const [moment, n, signal] = readFileSync(join(process.env.CHAOS_ORDERS!, String(process.pid)), 'utf8').split(' ');
  if (moment === 'clock') step_ms = Number(n) * 1_000;
  else orders = { moment: moment!, left: Number(n), signal: signal! };
});

let step_ms = 0;
const TrueDate = Date;
globalThis.Date = class extends TrueDate {
  constructor(...args: [number?, number?, number?, number?, number?, number?, number?]) {
    if (args.length === 0) super(TrueDate.now() + step_ms);
    else super(...(args as [number]));
  }
  static override now(): number {
    return TrueDate.now() + step_ms;
  }
} as DateConstructor;

function reach(moment: Moment): void {
  if (moment !== orders.moment) return;
  orders.left -= 1;
  if (orders.left === 0) process.kill(process.pid, orders.signal);
}

type Method = (...args: unknown[]) => Promise<unknown>;

function around(prototype: object, name: string, wrap: (original: Method) => Method): void {
  const methods = prototype as Record<string, Method>;
  methods[name] = wrap(methods[name]!);
}

around(
  Queue.prototype,
  'add',
  (add) =>
    async function (this: Queue, ...args) {
      if (this.name !== 'commands') return add.apply(this, args);
      reach('accepted');
      const job = await add.apply(this, args);
      reach('rung');
      return job;
    },
);

around(
  pg.Client.prototype,
  'query',
  (query) =>
    function (this: pg.Client, ...args) {
      const text = (args[0] as { text?: string }).text ?? String(args[0]);
      const [moment, , when] = STATEMENTS.find(([, statement]) => statement.test(text)) ?? [];
      if (text === 'commit') reach('in_transaction');
      if (moment && when === 'sent') reach(moment);
      const answer = query.apply(this, args);
      if (text !== 'commit' && when !== 'answered') return answer;
      return answer.then((result) => {
        reach(text === 'commit' ? 'committed' : moment!);
        return result;
      });
    },
);

around(
  Redis.prototype,
  'publish',
  (publish) =>
    async function (this: Redis, ...args) {
      const count = await publish.apply(this, args);
      reach('published');
      return count;
    },
);

if (process.argv[1]?.endsWith('worker.js')) {
  const { catalog } = await import('../src/modules.ts');
  const honest = catalog.commands.get('session.log')!;
  const poisoned: typeof honest = {
    ...honest,
    decide(states, command, fact) {
      const { details } = command.input as { details: { poison?: string } };
      if (details.poison === 'throw') throw new Error('poison in the decision');
      if (details.poison === 'exit') process.exit(3);
      while (details.poison === 'hang');
      return honest.decide(states, command, fact);
    },
  };
  (catalog.commands as Map<string, typeof honest>).set('session.log', poisoned);
}
