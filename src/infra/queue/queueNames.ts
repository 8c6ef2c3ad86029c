/**
 * The queues there are, by name, and what a worker may be told to serve of them. Their places are those of locks
 * (heartbeat.ts): a new one stands before the last. Loads nothing.
 */

export const QUEUE_NAMES = [
  'commands',
  'apart',
  'integrity',
  'maintenance',
  'default',
  'ml',
  'ledger',
  'policy',
  'dead-letters',
] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** Dead letters lie where they are until an operator takes them up. */
export const SERVED_QUEUES = QUEUE_NAMES.filter((name) => name !== 'dead-letters');
export type ServedQueue = Exclude<QueueName, 'dead-letters'>;

/** Queues of timed jobs and of tasks on demand, and how many of each one worker runs at once. */
export const JOBS_AT_ONCE = { integrity: 2, maintenance: 2, default: 2, ml: 1, ledger: 1, policy: 1 } as const;
export type JobQueue = keyof typeof JOBS_AT_ONCE;
