/**
 * Accepting commands: what arrives together is stored together (storeBatch.ts), in lanes, so that one stream's commands
 * keep their order. A command whose doorbell is lost is found by the workers' overdue poll.
 */
import { type Acceptance, findFingerprint, type Submission } from '../../core/apply/inbox.ts';
import { type Bounds, createBatcher, LaneFull } from '../../core/batcher.ts';
import { courtLanes } from '../../core/definitions/lanes.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { laneOf, wayOf } from '../../core/definitions/stream.ts';
import type { BacklogWatch, Sender } from '../../infra/backlog/backlogWatch.ts';
import { createRoom } from './room.ts';
import { createStore, type StoreOptions, wasNotAnswered, wasRefused } from './storeBatch.ts';

export const LANES = courtLanes.count;
/** One more: what is apart from the court fills a lane of its own alone. */
const APART = LANES;
const MAX_FLUSH = 256;
const MIB = 1_048_576;
/** By the text of the inputs. One statement holds up those behind it for no longer than a megabyte takes. */
const BOUNDS: Bounds<Submission> = {
  weigh: ({ input }) => JSON.stringify(input).length,
  ...{ batch_weight: MIB, waiting_weight: 32 * MIB, waiting: 10_000 },
};

export interface Acceptor {
  /** To be called before anything long is read. @throws {Problem} 503 where too much waits, or Postgres is away */
  demandRoom(sender: Sender): void;
  /** Resolves when the command is committed. @throws {Problem} 503: too much waits, or Postgres cannot be reached */
  accept(submission: Submission): Promise<Acceptance>;
  /** What the command under this key is compared by; undefined where there is none yet. */
  findFingerprint(idempotency: NonNullable<Submission['idempotency']>): Promise<string | null | undefined>;
  /** Resolves when everything handed over has its answer. */
  idle(): Promise<void>;
  /** False while commands are refused for what waits, and where the last command could not be stored. */
  isAccepting(): boolean;
}

export interface AcceptorOptions extends StoreOptions {
  backlog: BacklogWatch;
}

export function createAcceptor({ backlog, ...options }: AcceptorOptions): Acceptor {
  const { db, kinds, isAway, metrics, log } = options;
  const { store, lookUpsEnded, isFailing } = createStore(options);
  const lanes = Array.from({ length: LANES + 1 }, () =>
    createBatcher(MAX_FLUSH, store, wasNotAnswered, setImmediate, BOUNDS),
  );
  const room = createRoom(backlog, isAway, metrics);

  const placeOf = (subject: string) => (wayOf(kinds, subject) === 'apart' ? APART : laneOf(subject, LANES));

  async function accept(submission: Submission): Promise<Acceptance> {
    const subject = submission.streams[0]!;
    const sender = { institution_id: submission.institution_id, stream: subject };
    room.demand(sender);
    backlog.admit(sender);
    try {
      return await lanes[placeOf(subject)]!.push(submission);
    } catch (fault) {
      if (fault instanceof LaneFull) room.turnAway('lane');
      if (!wasNotAnswered(fault)) throw fault;
      log.error({ err: fault }, 'storing command failed');
      throw new Problem('unavailable', detailOf(fault), {}, { 'Retry-After': '2' });
    }
  }

  async function idle(): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.idle()));
    await lookUpsEnded();
  }

  return {
    demandRoom: room.demand,
    accept,
    findFingerprint: (idempotency) => findFingerprint(db, idempotency),
    idle,
    isAccepting: () => !isFailing() && !backlog.isRefusing(),
  };
}

function detailOf(fault: unknown): string {
  if (wasRefused(fault)) return 'Nothing of this request is stored.';
  return (
    'The answer of the commit was lost, so this may be stored. Try again, under the same Idempotency-Key: then it ' +
    'is accepted once, whatever became of this try.'
  );
}
