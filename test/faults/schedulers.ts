/** Schedulers of a scene, of which one leads: who it is, since which term, and who is to lead after it. */
import { get } from '../support/client.ts';
import { type Process, until } from '../support/processes.ts';
import type { Scene } from './scene.ts';

/** Two, of which the first leads; those that the test before has left, and others in the place of those that it ended. */
export async function twoSchedulers(scene: Scene) {
  const alive = () => scene.processes.filter((one) => one.name === 'scheduler' && one.isAlive());
  const term = (one: Process) => metric(one, 'leader_term');
  while (alive().length < 2) await scene.startScheduler();
  // On a busy machine a lease may run out: who leads is asked of both until one does, and the other does not.
  return until('one leads, and the other does not', async () => {
    const [one, other] = alive() as [Process, Process];
    const terms = [await term(one), await term(other)] as const;
    if (terms[0] > 0 && terms[1] === 0) return { first: one, standby: other, term: terms[0] };
    if (terms[1] > 0 && terms[0] === 0) return { first: other, standby: one, term: terms[1] };
    return undefined;
  });
}

/** The process itself knows that it leads, later than in that term. */
export async function untilItLeads(one: Process, term: number): Promise<void> {
  await until('it leads', async () => (await metric(one, 'leader_term')) > term);
}

export async function metric({ url }: Process, name: string): Promise<number> {
  const { body } = await get(url, '/metrics', null);
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(body.text)![1]);
}
