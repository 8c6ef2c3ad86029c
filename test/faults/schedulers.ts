/** Schedulers of a scene, of which one leads: who it is, since which term, and who is to lead after it. */
import { expect } from 'vitest';
import { get } from '../support/client.ts';
import { type Process, until } from '../support/processes.ts';
import type { Scene } from './scene.ts';

/** Two, of which the first leads; those that the test before has left, and others in the place of those that it ended. */
export async function twoSchedulers(scene: Scene) {
  const alive = () => scene.processes.filter((one) => one.name === 'scheduler' && one.isAlive());
  const term = (one: Process) => metric(one, 'leader_term');
  const isLeading = async () => {
    for (const one of alive()) if ((await term(one)) > 0) return one;
    return undefined;
  };
  if (alive().length === 0) await scene.startScheduler();
  const first = await until('one leads', isLeading);
  const standby = alive().find((one) => one !== first) ?? (await scene.startScheduler());
  expect(await metric(standby, 'leader_term')).toBe(0);
  return { first, standby, term: await term(first) };
}

export async function untilTerm({ database }: Scene, term: number): Promise<void> {
  const text = `select from leases where term = $1 and expires_at > clock_timestamp()`;
  await until(`term ${term}`, async () => (await database.pool.query(text, [term])).rowCount === 1);
}

export async function metric({ url }: Process, name: string): Promise<number> {
  const { body } = await get(url, '/metrics', null);
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(body.text)![1]);
}
