/** What the guard does about a key or an address: at once where it counts, in the record by a command of the system. */
import type { Submission } from '../../core/apply/inbox.ts';
import { systemSubmission } from '../../core/apply/systemSubmission.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { theGuard } from '../../guard/bans/ban.ts';
import { banAutomatically } from '../../guard/bans/banAutomatically.ts';
import { RULES, type RuleName } from '../../guard/rules.ts';
import type { GuardStore } from '../../infra/guard/guardStore.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { mirroredAs } from './bannedAs.ts';
import type { Punishment } from './guardOptions.ts';

interface Punishing {
  store: Pick<GuardStore, 'mayCommand' | 'mirror'>;
  accept(submission: Submission): Promise<unknown>;
  installation: string;
  metrics: Pick<Metrics, 'guardActions'>;
  log: Pick<Log, 'info' | 'warn'>;
  /** Until a ban that found no room is sent again. */
  again_ms?: number;
}

/** At most sixty of an institution come in a minute, so that few wait at a time. */
const TRIES = 20;
const AGAIN_MS = 5_000;

const LASTS_MS: Partial<Record<RuleName, number>> = {
  burst: RULES.burst.shadowban_ms,
  text: RULES.text.shadowban_ms,
  honeypot: RULES.honeypot.shadowban_ms,
  reports: RULES.reports.shadowban_ms,
};

export function createPunish({ store, accept, installation, metrics, log, again_ms = AGAIN_MS }: Punishing) {
  /** A line in the log says no address. */
  function tell(rule: RuleName, action: 'shadowban' | 'block' | 'refusal', institution_id: string | null): void {
    metrics.guardActions.inc({ rule, action });
    log.info({ rule, action, institution_id }, 'guard acted');
  }

  async function ban(rule: RuleName, institution_id: string | null, subject: 'key' | 'address', value: string) {
    const owner = institution_id ?? installation;
    if (!(await store.mayCommand(owner))) {
      // An address is blocked where it was counted; no key is banned by the thousand.
      if (subject === 'address') tell(rule, 'block', institution_id);
      return;
    }
    tell(rule, subject === 'key' ? 'shadowban' : 'block', institution_id);
    const left_ms = subject === 'key' ? LASTS_MS[rule]! : RULES.block_ms;
    await store.mirror([{ subject, value: mirroredAs({ owner, subject, value, rule }, installation), left_ms }]);
    send(institution_id, { owner, subject, value, rule });
  }

  /** Not waited for: what was counted is refused whatever becomes of the command. */
  function send(
    institution_id: string | null,
    input: { owner: string; subject: string; value: string; rule: RuleName },
  ) {
    const streams = [theGuard(input.owner).stream];
    void record(systemSubmission({ name: banAutomatically.name, streams, input, institution_id }), TRIES);
  }

  /** A flood fills the backlog, and must not keep those who make it from being banned: it is tried again for a while. */
  async function record(submission: Submission, tries: number): Promise<void> {
    try {
      await accept(submission);
    } catch (err) {
      const isFull = err instanceof Problem && err.body.status === 503;
      if (!isFull || tries <= 1) log.warn({ err, rule: submission.input.rule }, 'storing ban failed');
      else setTimeout(() => void record(submission, tries - 1), again_ms).unref();
    }
  }

  async function punish({ rule, institution_id, key, address }: Punishment): Promise<void> {
    if (key !== undefined) await ban(rule, institution_id, 'key', key);
    if (address !== undefined) await ban(rule, institution_id, 'address', address);
  }

  return { punish, tell };
}
