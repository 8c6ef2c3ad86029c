/** What a process says on each of its streams, and with which code it ends. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface Heard {
  out(): string;
  err(): string;
  ended: Promise<number>;
}

export function hear(child: ChildProcess): Heard {
  const heard = { out: '', err: '' };
  child.stdout!.on('data', (text) => {
    heard.out += text;
  });
  child.stderr!.on('data', (text) => {
    heard.err += text;
  });
  const ended = once(child, 'close').then(([code]) => code as number);
  return { out: () => heard.out, err: () => heard.err, ended };
}
