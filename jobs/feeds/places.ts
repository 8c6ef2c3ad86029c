/** So many at once of each name, and no more. Nobody waits: what finds no place is done another time. */
export function createPlaces() {
  const underWay = new Map<string, number>();

  /** @returns what gives the place back; undefined where `most` are taken */
  return function take(name: string, most: number): (() => void) | undefined {
    const others = underWay.get(name) ?? 0;
    if (others >= most) return undefined;
    underWay.set(name, others + 1);
    return () => {
      const left = underWay.get(name)! - 1;
      if (left > 0) underWay.set(name, left);
      else underWay.delete(name);
    };
  };
}
