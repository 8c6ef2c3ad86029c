/** A process that dies at a step of its own: its connections are cut there, and nothing of it goes on. */
import type pg from 'pg';

export class Died extends Error {}

export interface Mortal {
  /** As the process has it. */
  pool: pg.Pool;
  /** For steps that are no statements. @throws {Died} where it is this one */
  step(): void;
  /** Did it live to the end of all its steps? */
  isAlive(): boolean;
}

/** @param n the step at which it dies, from 1. @param when before the statement is sent, or when it is answered */
export function mortalPool(pool: pg.Pool, n: number, when: 'sent' | 'answered'): Mortal {
  let steps = 0;
  let isDead = false;

  function step(client?: pg.PoolClient): void {
    if (isDead) throw new Died('it is dead already');
    if (++steps !== n) return;
    isDead = true;
    (client as unknown as { connection: { stream: { destroy(): void } } } | undefined)?.connection.stream.destroy();
    throw new Died(`at step ${n}, ${when}`);
  }

  async function connect(): Promise<pg.PoolClient> {
    const client = await pool.connect();
    client.on('error', () => {});
    const query = async (...args: unknown[]) => {
      if (when === 'sent') step(client);
      else if (isDead) throw new Died('it is dead already');
      const answer = await (client.query as (...given: unknown[]) => Promise<unknown>)(...args);
      if (when === 'answered') step(client);
      return answer;
    };
    const release = () => client.release(isDead);
    return { query, release, on() {}, off() {} } as unknown as pg.PoolClient;
  }

  async function query(...args: unknown[]): Promise<unknown> {
    const client = await connect();
    try {
      return await (client.query as (...given: unknown[]) => Promise<unknown>)(...args);
    } finally {
      client.release();
    }
  }

  return { pool: { connect, query } as unknown as pg.Pool, step, isAlive: () => !isDead };
}
