/** What the stage asks of its feeder. */
import { once } from 'node:events';
import type { Docket } from '../grounds.ts';
import { forkOf, messageOf } from './children.ts';
import type { Contestant } from './contestants.ts';
import type { FeederMessage, FeederOrder } from './feeder.ts';
import type { Stamps } from './herald.ts';

export interface Feed {
  /** An event in each, announced this far apart. Resolves when they are committed. */
  record(dockets: Docket[], text: string, apart_ms: number): Promise<void>;
  /** When each was announced since the last time that was asked. */
  stamps(): Promise<Stamps>;
  stop(): Promise<void>;
}

export async function openFeed(contestant: Contestant, env: Record<string, string>): Promise<Feed> {
  const feeder = forkOf('relay/feeder.js', [contestant], env);
  const order = (message: FeederOrder) => void feeder.send(message);
  const underWay = new Map<number, () => void>();
  let asked = 0;
  feeder.on('message', (message: FeederMessage) => {
    if (message.kind !== 'taken') return;
    underWay.get(message.id)?.();
    underWay.delete(message.id);
  });
  await messageOf<FeederMessage, 'ready'>(feeder, 'ready');

  function record(dockets: Docket[], text: string, apart_ms: number): Promise<void> {
    const id = asked;
    asked += 1;
    order({ order: 'record', id, dockets, text, apart_ms });
    return new Promise((resolve) => underWay.set(id, resolve));
  }

  async function stamps(): Promise<Stamps> {
    const heard = messageOf<FeederMessage, 'stamps'>(feeder, 'stamps');
    order({ order: 'stamps' });
    return (await heard).stamps;
  }

  async function stop(): Promise<void> {
    order({ order: 'stop' });
    await once(feeder, 'exit');
  }

  return { record, stamps, stop };
}
