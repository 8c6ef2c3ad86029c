/** A stream is an ordered chain of events named `<kind>:<uuid>`; its kind says what state its events fold into. */
import { placeOf } from '../placeOf.ts';
import type { RecordedFile } from './files.ts';

export interface StreamKind<State = unknown> {
  readonly kind: string;
  /** The name under which exported events bear the stream's id too; they do not where there is none. */
  readonly id_name?: string;
  initial(id: string): State;
  /** Texts of what is broken that holds of every stream whatever its events; none where all is well. */
  invariants(state: State): string[];
  /** The files that the stream names, for verification to read again. */
  files(state: State): readonly RecordedFile[];
  /** What ends a stream for good; null where nothing does. */
  readonly seal: Seal<State> | null;
  /** Its commands are applied behind those of all other kinds: there may be thousands at once, and no other waits for them. */
  readonly yields?: true;
  /**
   * It is none of the court's: its commands have a queue, a lane and a part of the backlog of their own, and no transaction
   * locks it together with a stream of the court.
   */
  readonly apart?: true;
  /** Of what is apart: so few come that a part of the backlog which others have filled refuses none of them. */
  readonly few?: true;
}

/**
 * The last event of a stream. Its payload has `event_count`, itself included, the `state_digest` after it, and from the
 * second version of the digest on its `digest_version`.
 */
export interface Seal<State = unknown> {
  readonly event: string;
  /** Lower hex; undefined for a version that only newer code knows. One that was recorded once never changes. */
  digest(state: State, version: number): string | undefined;
}

/** The digest of the version that the seal's payload names; undefined where only a newer version of this code knows it. */
export function sealedDigest<State>(
  seal: Seal<State>,
  payload: { digest_version?: unknown },
  state: State,
): string | undefined {
  return seal.digest(state, Number(payload.digest_version ?? 1));
}

type StreamParts<State> = Pick<StreamKind<State>, 'initial'> & Partial<Omit<StreamKind<State>, 'kind'>>;

export function defineStream<State>(kind: string, parts: StreamParts<State>): StreamKind<State> {
  return { kind, invariants: () => [], files: () => [], seal: null, ...parts };
}

/** The last event's number, hash and time; of a stream without events 0, the genesis hash and null. */
export interface Head {
  sequence: number;
  event_hash: string;
  occurred_at: string | null;
}

export function streamName(kind: string, id: string): string {
  return `${kind}:${id}`;
}

export function kindOf(stream: string): string {
  return stream.slice(0, stream.indexOf(':'));
}

export function idOf(stream: string): string {
  return stream.slice(stream.indexOf(':') + 1);
}

/** Which of `lanes` a stream is always in: never two transactions of one process work on one stream. */
export function laneOf(stream: string, lanes: number): number {
  return placeOf(stream, lanes);
}

/** How commands of a stream go to the workers: before others, behind them, or apart from both. */
export type Way = 'first' | 'behind' | 'apart';

export function wayOf(kinds: ReadonlyMap<string, StreamKind>, stream: string): Way {
  const kind = kinds.get(kindOf(stream));
  if (kind?.apart) return 'apart';
  return kind?.yields ? 'behind' : 'first';
}

/** The kinds of streams that are none of the court's. */
export function apartKinds(kinds: ReadonlyMap<string, StreamKind>): string[] {
  return [...kinds.values()].filter(({ apart }) => apart).map(({ kind }) => kind);
}

/** The same with those among them that are let in however much waits of the others. */
export function besideCourt(kinds: ReadonlyMap<string, StreamKind>): { apart: string[]; few: string[] } {
  const few = [...kinds.values()].filter((one) => one.few).map(({ kind }) => kind);
  return { apart: apartKinds(kinds), few };
}

/** Streams to pass over, each with every stream that its next commands lock. */
export type Work = ReadonlyMap<string, readonly string[]>;

/** Work of many commands: the first stream of each is its subject. */
export function workOf(commands: Iterable<{ streams: readonly string[] }>): Map<string, string[]> {
  const work = new Map<string, string[]>();
  for (const { streams } of commands) addWork(work, streams);
  return work;
}

export function addWork(work: Map<string, string[]>, streams: readonly string[]): void {
  const [subject] = streams as [string];
  const known = work.get(subject);
  if (known) known.push(...streams.filter((stream) => !known.includes(stream)));
  else work.set(subject, [...streams]);
}
