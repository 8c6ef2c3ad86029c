/** What CLUSTER NODES tells. Pure. */
export interface NodeLine {
  id: string;
  port: number;
  isMaster: boolean;
  /** Others think that it is gone. */
  isFailing: boolean;
  /** Of a replica, its master. */
  follows: string | undefined;
  isLinked: boolean;
  slots: [from: number, to: number][];
}

/** `<id> <ip:port@bus,host> <flags> <master> <ping> <pong> <epoch> <link> <slot> ...`; what moves stands in brackets. */
export function readNodes(text: string): NodeLine[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(({ length }) => length >= 8)
    .map(([id, address, flags, master, , , , link, ...slots]) => ({
      id: id!,
      port: Number(/:(\d+)@/.exec(address!)![1]),
      isMaster: flags!.split(',').includes('master'),
      isFailing: /fail/.test(flags!),
      follows: master === '-' ? undefined : master,
      isLinked: link === 'connected',
      slots: slots.filter((slot) => !slot.startsWith('[')).map(rangeOf),
    }));
}

function rangeOf(slot: string): [number, number] {
  const [from, to = from] = slot.split('-').map(Number) as [number, number?];
  return [from, to];
}

const SLOTS = 16_384;

/** Every slot has a master that is there. */
export function isMastered(lines: NodeLine[]): boolean {
  const served = lines.filter(({ isMaster, isFailing }) => isMaster && !isFailing).flatMap(({ slots }) => slots);
  return served.reduce((sum, [from, to]) => sum + to - from + 1, 0) === SLOTS;
}

/** Besides every node is there, and every master has a replica. */
export function isWhole(lines: NodeLine[], nodes: number): boolean {
  const followed = new Set(lines.map(({ follows }) => follows));
  return (
    lines.length === nodes &&
    isMastered(lines) &&
    lines.every(({ isFailing, isLinked }) => !isFailing && isLinked) &&
    lines.filter(({ slots }) => slots.length > 0).every(({ id }) => followed.has(id))
  );
}
