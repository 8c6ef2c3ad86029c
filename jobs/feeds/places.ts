/** So many at once of each name, and no more. Nobody waits: what finds no place is done another time. */
export type Wanted = readonly (readonly [name: string, most: number])[];

export function createPlaces() {
  const underWay = new Map<string, number>();

  function leave(name: string): void {
    const left = underWay.get(name)! - 1;
    if (left > 0) underWay.set(name, left);
    else underWay.delete(name);
  }

  const areFree = (wanted: Wanted) => wanted.every(([name, most]) => (underWay.get(name) ?? 0) < most);

  /** @returns what gives the places back; undefined where of one of the names all are taken */
  function take(wanted: Wanted): (() => void) | undefined {
    if (!areFree(wanted)) return undefined;
    for (const [name] of wanted) underWay.set(name, (underWay.get(name) ?? 0) + 1);
    return () => {
      for (const [name] of wanted) leave(name);
    };
  }

  return { areFree, take };
}
