/** Proofs that anybody checks without us: of an event's place in the log for those who may see its stream, and of the log's growth. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { count, hash, named, text } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { wholeNumber } from '../../core/definitions/schemas.ts';
import { idOf, kindOf } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import { readSignedSize } from '../../integrity/log/readCheckpoints.ts';
import { type Inclusion, readConsistency, readInclusion } from '../../integrity/log/readProofs.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { readPreferences } from '../door/preferences.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { defineOpenRoute } from './anybody.ts';
import { demandStream } from './demandStream.ts';

const size = wholeNumber(0, Number.MAX_SAFE_INTEGER);
const POLL_MS = 250;

const inclusionQuery = z.strictObject({
  stream: z.string().regex(/^[a-z]+:[a-z0-9-]{1,60}$/),
  event_sequence: wholeNumber(1, 2 ** 31 - 1),
  size: size.optional(),
});

export const inclusionAnswer = named(
  'InclusionProof',
  z.strictObject({
    ...{ stream: text, event_sequence: count, event_hash: hash },
    ...{ index: count, size: count, hashes: z.array(hash), checkpoint: text },
  }),
  {
    ...{ stream: `session:${EXAMPLE.session_id}`, event_sequence: 17, event_hash: EXAMPLE.hash },
    ...{ index: 1, size: 2, hashes: [EXAMPLE.previous_hash] },
    checkpoint: 'court.example/log\n2\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n…',
  },
);

export const readInclusionProof = defineRoute({
  name: 'integrity.inclusion',
  route: 'GET /integrity/proof/inclusion',
  summary: 'The proof that an event is in the log under a checkpoint; `Prefer: wait` waits for the next one',
  roles: 'anyone',
  query: inclusionQuery,
  answer: inclusionAnswer,
  rejects: ['not_sealed'],
  serve: serveInclusion,
});

function serveInclusion(context: ApiContext): Serve {
  async function answer(req: Request, res: Response, actor: Actor): Promise<void> {
    const { stream, event_sequence, size: of = null } = demandQuery(inclusionQuery, req);
    await demandStream(context, stream, actor);
    await answerInclusion(context, actor, { stream, event_sequence, size: of }, req, res);
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, readInclusionProof);
    await (actor ? answer(req, res, actor) : withoutToken(() => answer(req, res, anonymousReader(req))));
  };
}

interface Named {
  stream: string;
  event_sequence: number;
  /** Null for the latest checkpoint. */
  size: number | null;
}

interface Asked extends Named {
  deadline: number;
}

/** @param actor may see the stream. @throws {Problem} 404 or 409 not_sealed */
export async function answerInclusion(
  context: ApiContext,
  actor: Actor,
  named: Named,
  req: Request,
  res: Response,
): Promise<void> {
  const { wait_ms, applied } = readPreferences(req);
  // Without a word of it nobody waits.
  const deadline = performance.now() + (applied.some((one) => one.startsWith('wait')) ? wait_ms : 0);
  const { stream, event_sequence } = named;
  const proof = await untilSealed(context, actor, { ...named, deadline }, req);
  if (applied.length > 0) res.set('Preference-Applied', applied.join(', '));
  res.set('Cache-Control', 'no-store').json({ stream, event_sequence, ...proof });
}

/** @throws {Problem} 404 where there is no such event or checkpoint; 409 not_sealed */
async function untilSealed(context: ApiContext, actor: Actor, asked: Asked, req: Request): Promise<Inclusion> {
  const end = asked.deadline > performance.now() ? context.waits.begin(actor.id) : undefined;
  try {
    for (;;) {
      const proof = await readOnce(context, actor, asked);
      if (proof === undefined) throw new Problem('not_found');
      if (proof !== 'not_sealed') return proof;
      const isOver = end === undefined || req.destroyed || performance.now() + POLL_MS > asked.deadline;
      if (isOver) throw new Problem('not_sealed', 'No checkpoint has the event yet.');
      await sleep(POLL_MS);
    }
  } finally {
    end?.();
  }
}

function readOnce({ reading }: ApiContext, actor: Actor, { stream, event_sequence, size: of }: Asked) {
  async function read(db: Queryable) {
    const text = 'select sequence from streams where stream = $1';
    const { rows } = await db.query<{ sequence: number }>(text, [stream]);
    if ((rows[0]?.sequence ?? 0) < event_sequence) return undefined;
    return readInclusion(db, stream, event_sequence, of);
  }

  if (kindOf(stream) === 'session') return reading.inScope(actor, idOf(stream), read);
  // Row security shows streams of sessions alone; that the asker may see this one was demanded before.
  return reading.asVerifier(actor, read);
}

const consistencyQuery = z.strictObject({ from: size, to: size });

const consistencyAnswer = named('ConsistencyProof', z.strictObject({ from: count, to: count, hashes: z.array(hash) }), {
  from: 1,
  to: 2,
  hashes: [EXAMPLE.hash],
});

export const readConsistencyProof = defineOpenRoute(
  {
    name: 'integrity.consistency',
    route: 'GET /integrity/proof/consistency',
    summary: 'The proof that the log of one size grew from that of another',
    query: consistencyQuery,
    answer: consistencyAnswer,
    rejects: [],
  },
  async ({ db, req, res }) => {
    const { from, to } = demandQuery(consistencyQuery, req);
    const hashes = await db(async (on) => {
      if (from > to || to > (await readSignedSize(on)))
        throw new Problem('not_found', 'So much of the log is not signed.');
      return readConsistency(on, from, to);
    });
    res.set('Cache-Control', 'no-store').json({ from, to, hashes });
  },
);
