/**
 * Equal work that many ask for at once is done once for all of them, and never by what had begun before; a question that
 * comes while it is under way shares the next one. So what is answered is as new as the question.
 */
export interface Sharing {
  /** @param key what makes two pieces of work equal */
  share<T>(key: string, work: () => Promise<T>): Promise<T>;
}

interface Shared {
  current: Promise<unknown>;
  next?: Promise<unknown>;
}

export function createSharing(): Sharing {
  const underWay = new Map<string, Shared>();

  function share<T>(key: string, work: () => Promise<T>): Promise<T> {
    const shared = underWay.get(key);
    if (!shared) return begin(key, work);
    shared.next ??= shared.current.then(
      () => begin(key, work),
      () => begin(key, work),
    );
    return shared.next as Promise<T>;
  }

  function begin<T>(key: string, work: () => Promise<T>): Promise<T> {
    const current = work().finally(() => {
      // Where others wait, theirs begins now and takes this place.
      if (!shared.next) underWay.delete(key);
    });
    const shared: Shared = { current };
    underWay.set(key, shared);
    return current;
  }

  return { share };
}
