/** What `node --import` loads before an entry of ours; threads that a process starts are left as they are. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) await import('./saboteur.ts');
