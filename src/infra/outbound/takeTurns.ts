/** So many at once for each name and no more; those that come later wait, and not too many of them. */
import { OutboundError } from '../../core/definitions/outbound.ts';

interface Turns {
  underWay: number;
  waiting: (() => void)[];
}

export function createTurns(at_once: number, most_waiting: number) {
  const names = new Map<string, Turns>();

  function begin(turns: Turns): Promise<void> | undefined {
    if (turns.underWay < at_once) {
      turns.underWay += 1;
      return undefined;
    }
    if (turns.waiting.length >= most_waiting) throw new OutboundError('busy');
    return new Promise((resolve) => turns.waiting.push(resolve));
  }

  function end(name: string, turns: Turns): void {
    const next = turns.waiting.shift();
    // Its place goes on to the next.
    if (next) next();
    else turns.underWay -= 1;
    if (turns.underWay === 0) names.delete(name);
  }

  /** @throws OutboundError `busy` */
  return async function taking<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turns = names.get(name) ?? { underWay: 0, waiting: [] };
    names.set(name, turns);
    await begin(turns);
    try {
      return await work();
    } finally {
      end(name, turns);
    }
  };
}
