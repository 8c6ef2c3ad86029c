/**
 * A command whose body is a form with a file: what the door must know to take the file in. The file is kept before the
 * command that names it is accepted, and the command names it by its hash alone.
 */

import type { Queryable } from '../sql/queryable.ts';
import type { Actor } from './actor.ts';
import type { Rejection } from './problem.ts';

/** A file as a command and an event name it: by its bytes, never by what its sender calls it. */
export interface FileInfo {
  /** Lower hex. */
  sha256: string;
  size_bytes: number;
  media_type: string;
}

export interface Upload<Input, Scope> {
  max_bytes: number;
  media_types: readonly string[];
  /** What the first bytes of a file show it to be; undefined where that is none of `media_types`. */
  mediaTypeOf(head: Uint8Array): string | undefined;
  /**
   * What is sure to be rejected, so that it is refused before anything is kept. Asked twice: before the body is read,
   * with what stands in the route, and again with all of the input.
   */
  refuse(asked: { db: Queryable; actor: Actor; scope: Scope; input: Partial<Input> }): Promise<Rejection | undefined>;
}
