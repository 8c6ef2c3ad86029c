/** Callbacks by name. One that throws disturbs neither the others nor the client. */

export interface Listeners<Events> {
  /** @returns what takes the callback away again */
  on<Name extends keyof Events>(name: Name, callback: (what: Events[Name]) => void): () => void;
  emit<Name extends keyof Events>(name: Name, what: Events[Name]): void;
}

export function createListeners<Events>(): Listeners<Events> {
  const callbacks = new Map<keyof Events, Set<(what: never) => void>>();

  function on<Name extends keyof Events>(name: Name, callback: (what: Events[Name]) => void): () => void {
    const own = (what: Events[Name]) => callback(what);
    const all = callbacks.get(name) ?? new Set();
    callbacks.set(name, all.add(own));
    return () => void all.delete(own);
  }

  function emit<Name extends keyof Events>(name: Name, what: Events[Name]): void {
    for (const callback of callbacks.get(name) ?? []) {
      try {
        callback(what as never);
      } catch (error) {
        // As with the events of browsers and Node: uncaught, but not in the middle of our own work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  return { on, emit };
}
