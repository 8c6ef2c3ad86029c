/** What the files of a version say of it, and what a schema says to it. Pure. */
import type { Applied } from '../src/infra/postgres/schema.ts';

export const KINDS = ['api', 'worker', 'relay', 'scheduler', 'signer'] as const;
export type Kind = (typeof KINDS)[number];

interface Lock {
  packages: Record<string, { version?: string; optional?: boolean; dev?: boolean }>;
}

const KIND_OF: Record<string, Kind> = {
  web: 'api',
  worker: 'worker',
  relay: 'relay',
  scheduler: 'scheduler',
  signer: 'signer',
};

/** @returns the file of each kind's process */
export function readProcfile(text: string): Partial<Record<Kind, string>> {
  const lines = [...text.matchAll(/^(\w+): node (\S+)$/gm)];
  return Object.fromEntries(lines.flatMap(([, name, file]) => (name! in KIND_OF ? [[KIND_OF[name!], file]] : [])));
}

/** Whether it needs a package to run, or to be built, that is not here in its version. */
export function lacksPackages(its: Lock, ours: Lock): boolean {
  return Object.entries(its.packages).some(
    ([path, { version, dev, optional }]) =>
      path !== '' && !dev && !optional && ours.packages[path]?.version !== version,
  );
}

/** Whether processes that know these migrations may run on a schema, as docs/upgrading.md says. */
export function isAccepted(known: readonly string[], applied: readonly Applied[]): boolean {
  return applied.every(({ name, accepts }) => known.includes(name) || (accepts !== null && known.includes(accepts)));
}
