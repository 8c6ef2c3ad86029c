/** Broadcast within one process, for the embedded mode. Delivery is asynchronous, as it is over a network. */
import type { Broadcast } from './broadcast.ts';

export function createInProcessBroadcast(): Broadcast {
  const listeners = new Map<string, Set<(message: string) => void>>();

  async function publish(channel: string, message: string): Promise<void> {
    for (const listener of listeners.get(channel) ?? []) setImmediate(() => listener(message));
  }

  async function subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    let active = true;
    const own = (message: string) => {
      if (active) listener(message);
    };
    const members = listeners.get(channel) ?? new Set();
    listeners.set(channel, members.add(own));
    return async () => {
      active = false;
      members.delete(own);
      if (members.size === 0 && listeners.get(channel) === members) listeners.delete(channel);
    };
  }

  return {
    publish,
    subscribe,
    onInterruption: () => {},
    isConnected: () => null,
    close: async () => listeners.clear(),
  };
}
