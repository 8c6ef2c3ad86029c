/**
 * The screens of a gallery's benchmark, in a process of their own: they open their connections without a token, count what
 * comes, and some of them note when each message came.
 */
import { openWire, type Wire } from '../relay/wire.ts';
import { machineNow } from './clock.ts';

export interface ScreensPlan {
  /** socket.io, and nothing of a session but its id. */
  isPeer: boolean;
  /** They take turns. */
  ports: number[];
  session_id: string;
  screens: number;
  /** Connections under way at a time. */
  at_once: number;
  /** One in so many notes what comes. */
  sampled: number;
}

export type AudienceOrder = { order: 'join'; plan: ScreensPlan } | { order: 'count' };

export interface Seen {
  messages: number;
  samples: { id: string; at_ms: number }[];
  /** Screens that were closed since they came. */
  closed: number;
}

export type AudienceMessage = { kind: 'joined' } | ({ kind: 'seen' } & Seen);

const BEGINS = { ours: Buffer.from('{"type":"MESSAGE"'), peer: Buffer.from('42["MESSAGE"') };
const WELCOME = { ours: Buffer.from('{"type":"WELCOME"'), peer: Buffer.from('40') };
const ID = Buffer.from('"id":"');
const ID_LENGTH = 36;
const [OPENED, PINGED] = [0x30, 0x32];

let joined = 0;
let seen = nothingSeen();

process.on('message', (message: AudienceOrder) => {
  if (message.order === 'join') void join(message.plan);
  else {
    say({ kind: 'seen', ...seen });
    seen = nothingSeen();
  }
});

async function join(plan: ScreensPlan): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < plan.screens) {
      next += 1;
      joined += 1;
      await open(plan, joined);
    }
  };
  await Promise.all(Array.from({ length: plan.at_once }, worker));
  say({ kind: 'joined' });
}

/** Resolves when it is welcome. */
function open({ isPeer, ports, session_id, sampled }: ScreensPlan, n: number): Promise<void> {
  const side = isPeer ? 'peer' : 'ours';
  const isSampled = n % sampled === 0;
  return new Promise((resolve, reject) => {
    let isWelcome = false;
    const wire: Wire = openWire({
      port: ports[n % ports.length]!,
      path: isPeer ? '/socket.io/?EIO=4&transport=websocket' : `/gallery/ws/${session_id}`,
      localAddress: `127.0.${1 + ((n >> 8) % 250)}.${n % 250}`,
      onOpen: () => {},
      onText,
      onClose: () => {
        if (isWelcome) seen.closed += 1;
        else reject(new Error('a screen was refused'));
      },
    });

    function onText(chunk: Buffer, start: number, end: number): void {
      if (begins(chunk, start, end, BEGINS[side])) onMessage(chunk, start);
      else if (begins(chunk, start, end, WELCOME[side])) {
        isWelcome = true;
        resolve();
      } else if (isPeer) onEngine(chunk[start]!, end - start);
    }

    function onEngine(type: number, length: number): void {
      if (type === OPENED) wire.say(`40${JSON.stringify({ session_id })}`);
      if (type === PINGED && length === 1) wire.say('3');
    }
  });

  function onMessage(chunk: Buffer, start: number): void {
    seen.messages += 1;
    if (!isSampled) return;
    const at = chunk.indexOf(ID, start) + ID.length;
    seen.samples.push({ id: chunk.toString('latin1', at, at + ID_LENGTH), at_ms: machineNow() });
  }
}

function begins(chunk: Buffer, at: number, end: number, what: Buffer): boolean {
  return end - at >= what.length && chunk.compare(what, 0, what.length, at, at + what.length) === 0;
}

function nothingSeen(): Seen {
  return { messages: 0, samples: [], closed: 0 };
}

function say(message: AudienceMessage): void {
  process.send!(message);
}
