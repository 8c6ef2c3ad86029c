/** Where processes stand: two posts of each kind, and what is installed at each. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Process, startProcess, until } from '../test/support/processes.ts';
import type { Release } from './release.ts';
import { KINDS, type Kind } from './releaseFiles.ts';

/** Where one process is, and the next when it has died. */
export interface Post {
  kind: Kind;
  /** What is started here next. */
  installed: Release;
  /** Of the process. */
  release: Release | undefined;
  /** Undefined while there is none that is ready. */
  process: Process | undefined;
  /** Of the process, or of the last that was here. */
  url: string;
  /** By our own hand: it is not ended for its silence. */
  frozen: boolean;
  answeredAt: number;
}

const SABOTEUR = `--import ${pathToFileURL(join(import.meta.dirname, 'preload.js')).href}`;
/** A version that a schema refuses may be starting here just now. */
const READY_WITHIN_MS = 180_000;

/** There is one signer: its state is its alone. */
const countOf = (kind: Kind) => (kind === 'signer' ? 1 : 2);

export function makePosts(installed: Release): Post[] {
  return KINDS.flatMap((kind) =>
    Array.from({ length: countOf(kind) }, () => ({
      ...{ kind, installed, release: undefined, process: undefined },
      ...{ url: '', frozen: false, answeredAt: 0 },
    })),
  );
}

/** @returns undefined where what is installed has no process of this kind @throws with the words of a process that does not get ready */
export async function startAt(post: Post, settings: Record<string, string>): Promise<Process | undefined> {
  const { kind, installed: release } = post;
  const file = release.entries[kind];
  if (file === undefined) return undefined;
  const process = await startProcess(kind, file, [], {
    ...settings,
    ...(release.isOurs && { NODE_OPTIONS: SABOTEUR }),
  });
  Object.assign(post, { process, release, url: process.url, frozen: false, answeredAt: performance.now() });
  // Something else was installed here meanwhile.
  if (post.installed !== release) process.signal('SIGTERM');
  return process;
}

/** What is installed here runs, if it has a process of this kind. */
export function isManned({ kind, installed, process, release }: Post): boolean {
  return process ? release === installed : installed.entries[kind] === undefined;
}

/** @returns the processes that it ended, and did not end well */
export async function install(posts: Post[], release: Release): Promise<string[]> {
  const unwell: string[] = [];
  for (const post of posts) {
    const { kind, process: before, release: ended } = post;
    post.installed = release;
    before?.signal('SIGTERM');
    const end = await before?.exited;
    if (end && end.code !== 0) unwell.push(`the ${kind} of ${ended?.name} ended with ${end.signal ?? end.code}`);
    await until(`a ${kind} of ${release.name} is ready`, () => isManned(post), READY_WITHIN_MS);
  }
  return unwell;
}
