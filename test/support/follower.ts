/** The client as tests use it: all that it tells is kept, and waited for without sleeping. */

import { expect } from 'vitest';
import type { ChainBroken, Refused, SessionEvent, Snapshot, State } from '../../src/client/client.ts';
import { type Client, type ConnectOptions, connect } from '../../src/client/node.ts';
import { createFold } from '../../src/fold/fold.ts';
import type { Json } from './client.ts';
import { until } from './processes.ts';

export interface Follower {
  client: Client;
  events: SessionEvent[];
  snapshots: Snapshot[];
  states: State[];
  broken: ChainBroken[];
  errors: Refused[];
  /** The last event that was given out. */
  reached(event_sequence: number): Promise<unknown>;
  becomes(state: State): Promise<unknown>;
}

/** With short waits between connections, unless the test says otherwise. */
export function followWith(options: ConnectOptions): Follower {
  const client = connect({ ...options, timing: { first_wait_ms: 20, longest_wait_ms: 100, ...options.timing } });
  const follower: Omit<Follower, 'reached' | 'becomes'> = {
    client,
    events: [],
    snapshots: [],
    states: [],
    broken: [],
    errors: [],
  };
  client.on('event', (event) => follower.events.push(event));
  client.on('snapshot', (snapshot) => follower.snapshots.push(snapshot));
  client.on('state', (state) => follower.states.push(state));
  client.on('broken', (fault) => follower.broken.push(fault));
  client.on('error', (error) => follower.errors.push(error));
  const state = () =>
    `${client.state}, at ${follower.events.at(-1)?.event_sequence}, ${follower.broken[0] ?? follower.errors[0] ?? ''}`;
  return {
    ...follower,
    reached: (event_sequence) =>
      until(
        `event ${event_sequence}`,
        () => (follower.events.at(-1)?.event_sequence ?? 0) >= event_sequence,
        25_000,
      ).catch((error) => {
        throw new Error(`${error.message}; it is ${state()}`);
      }),
    becomes: (wanted) =>
      until(wanted, () => client.state === wanted, 25_000).catch((error) => {
        throw new Error(`${error.message}; it is ${state()}`);
      }),
  };
}

/** The client with a fold beside it, for a whole session. */
export function followWhole(options: ConnectOptions) {
  const fold = createFold(options.session);
  const follower = followWith({ ...options, from: 0 });
  follower.client.on('event', fold.add);

  /** All of the log was given out, verified, and its state is what the server shows. */
  async function expectLog(log: Json[]): Promise<void> {
    const { client, events, snapshots, broken, errors, reached, becomes } = follower;
    await reached(log.length);
    expect(events).toEqual(log);
    await becomes('live');
    client.requestState();
    await until('a snapshot', () => snapshots.length > 0);
    expect(fold.confirm(snapshots[0]!.data)).toEqual({ verification: 'confirmed' });
    expect([broken, errors, client.clock()]).toEqual([[], [], null]);
    client.close();
  }

  return { ...follower, expectLog };
}
