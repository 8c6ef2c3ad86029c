/** A file in the MaxMind DB format, as small as can be: networks of IPv4, each with a latitude and a longitude. */

export interface Network {
  /** Like `198.51.100.0/24`. */
  network: string;
  latitude: number;
  longitude: number;
}

type Node = [Branch, Branch];
/** The place in the list of networks, where it is a number. */
type Branch = Node | number | undefined;

const MARKER = Buffer.concat([Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com')]);

/** Types of more than three bits stand in a byte of their own. */
function field(type: number, size: number, content: Uint8Array = new Uint8Array()): Buffer {
  const head = type < 8 ? [(type << 5) | size] : [size, type - 7];
  return Buffer.concat([Buffer.from(head), content]);
}
const text = (value: string) => field(2, value.length, Buffer.from(value));
const map = (entries: [string, Buffer][]) =>
  Buffer.concat([field(7, entries.length), ...entries.flatMap(([name, value]) => [text(name), value])]);
const list = (items: Buffer[]) => Buffer.concat([field(11, items.length), ...items]);
const whole = (type: number, bytes: number, value: number) => {
  const content = Buffer.alloc(bytes);
  content.writeUIntBE(value, Math.max(0, bytes - 4), Math.min(4, bytes));
  return field(type, bytes, content);
};
const double = (value: number) => {
  const content = Buffer.alloc(8);
  content.writeDoubleBE(value);
  return field(3, 8, content);
};

function treeOf(networks: readonly Network[]): Node[] {
  const root: Node = [undefined, undefined];
  const nodes = [root];
  networks.forEach(({ network }, index) => {
    const [address = '', length = '32'] = network.split('/');
    const bits = address
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('')
      .slice(0, Number(length));
    let node = root;
    for (const bit of bits.slice(0, -1)) {
      const next = node[Number(bit)];
      const child: Node = Array.isArray(next) ? next : [undefined, undefined];
      if (next !== child) nodes.push(child);
      node[Number(bit)] = child;
      node = child;
    }
    node[Number(bits.at(-1))] = index;
  });
  return nodes;
}

/** @param networks that do not overlap */
export function mmdbOf(networks: readonly Network[]): Buffer {
  const nodes = treeOf(networks);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const records = networks.map(({ latitude, longitude }) =>
    map([
      [
        'location',
        map([
          ['latitude', double(latitude)],
          ['longitude', double(longitude)],
        ]),
      ],
    ]),
  );
  const starts = records.map((_, i) => records.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const tree = Buffer.alloc(nodes.length * 6);
  const pointer = (branch: Branch) =>
    Array.isArray(branch)
      ? places.get(branch)!
      : branch === undefined
        ? nodes.length
        : nodes.length + 16 + starts[branch]!;
  nodes.forEach((node, i) => {
    tree.writeUIntBE(pointer(node[0]), i * 6, 3);
    tree.writeUIntBE(pointer(node[1]), i * 6 + 3, 3);
  });
  const about = map([
    ['binary_format_major_version', whole(5, 2, 2)],
    ['binary_format_minor_version', whole(5, 2, 0)],
    ['build_epoch', whole(9, 8, 1_700_000_000)],
    ['database_type', text('Test-City')],
    ['description', map([['en', text('Made by a test')]])],
    ['ip_version', whole(5, 2, 4)],
    ['languages', list([text('en')])],
    ['node_count', whole(6, 4, nodes.length)],
    ['record_size', whole(5, 2, 24)],
  ]);
  return Buffer.concat([tree, Buffer.alloc(16), ...records, MARKER, about]);
}

export const BERLIN = { network: '198.51.100.0/24', latitude: 52.52, longitude: 13.4 };
export const POTSDAM = { network: '198.51.101.0/24', latitude: 52.4, longitude: 13.06 };
export const SYDNEY = { network: '203.0.113.0/24', latitude: -33.87, longitude: 151.2 };
