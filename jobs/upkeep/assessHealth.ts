/** What of a health report an operator should see, one sentence each. Pure. */

import { type Durability, describeDurability, survivesCrash } from '../../src/infra/postgres/durability.ts';

export interface HealthFacts {
  version: string;
  database: { version: string; bytes: number; durability: Durability };
  record: { streams: number; events: number; assignments: number; sessions: { [status: string]: number } };
  findings_open: number;
  /** Accepted within the last `hours`, which are 24 unless the report had not time for them. */
  commands: {
    accepted: number;
    applied: number;
    rejected: number;
    dead: number;
    p99_ms: number | null;
    hours: number;
  };
  inbox: { pending: number; dead: number; oldest_pending_seconds: number };
  /** Ticks fired within the last 24 hours. */
  jobs: {
    name: string;
    /** Negative while the next tick is to come. */
    overdue_seconds: number;
    succeeded: number;
    failed: number;
    passed_over: number;
    /** Runs whose time was over before they were done. */
    incomplete: number;
    most_late_seconds: number;
  }[];
  queues: { [name: string]: { [state: string]: number } } | null;
}

const PENDING_TOO_LONG_SECONDS = 60;
const OVERDUE_SECONDS = 300;

export function assessHealth({ database, findings_open, commands, inbox, jobs, queues }: HealthFacts): string[] {
  const concerns: string[] = [];
  if (findings_open > 0) concerns.push(`${count(findings_open, 'finding')} about the record: see /ops/findings.`);
  if (commands.dead > 0)
    concerns.push(`${count(commands.dead, 'command')} of the last ${count(commands.hours, 'hour')} died.`);
  if (commands.hours < 24) {
    concerns.push(`The report had time to count the commands of ${count(commands.hours, 'hour')}, not of 24.`);
  }
  if (inbox.oldest_pending_seconds > PENDING_TOO_LONG_SECONDS) {
    concerns.push(`A command has been waiting for its outcome for ${inbox.oldest_pending_seconds} seconds.`);
  }
  for (const { name, overdue_seconds, failed, passed_over, incomplete } of jobs) {
    if (incomplete > 0 && name.startsWith('verify.')) {
      concerns.push(`${name} had not time for all ${count(incomplete, 'time')}; the next run goes on where it ended.`);
    }
    if (failed > 0) concerns.push(`${name} failed ${count(failed, 'time')}.`);
    if (passed_over > 0)
      concerns.push(`${count(passed_over, 'tick')} of ${name} ${passed_over === 1 ? 'was' : 'were'} passed over.`);
    if (overdue_seconds > OVERDUE_SECONDS) concerns.push(`${name} is overdue for ${overdue_seconds} seconds.`);
  }
  if (!survivesCrash(database.durability)) concerns.push(`Postgres has ${describeDurability(database.durability)}.`);
  if (queues === null) concerns.push('The queue does not answer; workers look for what is due by themselves.');
  return concerns;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
