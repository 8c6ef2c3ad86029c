/**
 * The signer as a part: a checkpoint every CHECKPOINT_SECONDS while the log grows, and at once when a session was completed.
 * It makes its keys at the first start, and its state never again.
 */
import { groupBy } from '../../src/core/groupBy.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { ForkedLog } from '../../src/infra/signer/evidence.ts';
import { signerFiles } from '../../src/infra/signer/signerFiles.ts';
import { timings } from '../../src/infra/timings.ts';
import { type BadLeaf, InconsistentLog } from '../../src/integrity/log/unsigned.ts';
import { keepFindings } from '../verify/storeFindings.ts';
import { LostState, signCheckpoint } from './checkpoints.ts';
import { prepareSigning } from './prepareSigning.ts';
import { createSinks } from './sinks.ts';
import { createWitnesses } from './witnesses.ts';

export interface Signer {
  db: Queryable;
  /** Ends after the checkpoint that is under way. */
  close(): Promise<void>;
}

const POOL_SIZE = 2;
const MOST_ISSUES = 100;

const SIZE = 'select size from log_state where one';

/** Is the end of a session among the leaves from there on? */
const HAS_ENDED = `
  select exists (
    select from log_leaves l join events e on e.stream = l.stream and e.sequence = l.sequence
    where l.index >= $1 and l.index < $2 and e.event_type = 'SESSION_COMPLETED') as has_ended`;

async function hasEnded(db: Queryable, from: number, to: number): Promise<boolean> {
  return (await db.query<{ has_ended: boolean }>(HAS_ENDED, [from, to])).rows[0]!.has_ended;
}

export async function startSigner(backbone: Backbone): Promise<Signer> {
  const { config, installation, broadcast, heartbeat, metrics, log } = backbone;
  const pool = backbone.openPool('worker', POOL_SIZE);
  const db: Queryable = pool;
  const tools = await prepareSigning(backbone, pool);
  const sinks = createSinks(signerFiles(config, installation).sinks, { db, metrics, log });
  const witnesses = createWitnesses(config.WITNESSES, { db, metrics, log });
  const delivering = setInterval(deliver, timings.signing.sinks_every_ms);
  let closing = false;
  let signedAt = Number.NEGATIVE_INFINITY;
  let seen = tools.signedSize;
  let refusal = '';
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();

  function deliver(): void {
    sinks.deliver();
    witnesses.deliver();
  }

  async function look(): Promise<void> {
    const { size } = (await db.query<{ size: number }>(SIZE)).rows[0]!;
    const isDue = performance.now() - signedAt >= config.CHECKPOINT_SECONDS * 1_000;
    const from = seen;
    seen = size;
    if (isDue || (size > from && (await hasEnded(db, from, size)))) await sign();
  }

  async function sign(): Promise<void> {
    signedAt = performance.now();
    for (let isAll = false; !isAll && !closing; ) {
      const signing = await signCheckpoint(tools);
      if (signing && 'bad' in signing) {
        await sayBad(signing.bad);
      }
      isAll = !(signing && 'signed' in signing) || signing.isAll;
      if (signing && 'signed' in signing) metrics.signedSize.set(signing.signed.size);
    }
    deliver();
    if (refusal !== '') log.info({ installation }, 'signer goes on');
    refusal = '';
    metrics.signerRefuses.set(0);
  }

  async function sayBad(bad: BadLeaf[]): Promise<void> {
    log.error({ leaves: bad.length, stream: bad[0]!.stream }, 'leaves taken back from the log');
    const verdicts = [...groupBy(bad, ({ stream }) => stream)].map(([stream, some]) => ({
      stream,
      issues: some.slice(0, MOST_ISSUES).map(({ text }) => text),
      issues_omitted: Math.max(0, some.length - MOST_ISSUES),
    }));
    await keepFindings({ pool, broadcast, metrics, log }, 'sign.log', await readClock(db), verdicts);
  }

  async function lookOn(): Promise<void> {
    await look().catch((err: Error) => {
      const refuses = [InconsistentLog, LostState, ForkedLog].some((kind) => err instanceof kind);
      if (!refuses) log.warn({ err }, 'signing failed');
      else if (err.message !== refusal) log.error({ reason: err.message }, 'signer refuses');
      if (refuses) refusal = err.message;
      if (refuses) metrics.signerRefuses.set(1);
    });
    if (closing) return;
    timer = setTimeout(() => {
      looking = lookOn();
    }, timings.signing.poll_ms);
  }

  looking = lookOn();
  await heartbeat.join('signer');
  return {
    db,
    async close() {
      closing = true;
      const left = heartbeat.leave('signer');
      clearTimeout(timer);
      clearInterval(delivering);
      await looking;
      await Promise.all([sinks.close(), witnesses.close(), left]);
      await pool.end();
    },
  };
}
