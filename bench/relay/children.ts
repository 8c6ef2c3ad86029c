/** The processes of a stage beside its relay, and what they say. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs, SECRET } from '../servers.ts';

export function forkOf(file: string, args: string[], env: Record<string, string>): ChildProcess {
  const { PATH } = process.env;
  const child = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), args, {
    serialization: 'advanced',
    env: { PATH, NODE_ENV: 'production', LOG_LEVEL: 'error', JWT_SECRET: SECRET, ...env },
  });
  endWithUs(child);
  return child;
}

/** The next message of this kind. Rejects where the process ends first. */
export function messageOf<M extends { kind: string }, K extends M['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<M, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${child.spawnargs[1]} ended with ${code}`));
    const onMessage = (message: M) => {
      if (message.kind !== kind) return;
      child.off('exit', onExit);
      child.off('message', onMessage);
      resolve(message as Extract<M, { kind: K }>);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
