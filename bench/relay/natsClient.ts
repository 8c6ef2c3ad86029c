/** A listener of nats-server by hand, as cheap as can be: it subscribes to one subject and finds each message in what comes. */

export interface NatsOptions {
  subject: string;
  say(text: string): void;
  /** The subscription stands. */
  onReady(): void;
  /** @param at where the payload begins in the chunk, up to `end`; valid until this returns */
  onMessage(chunk: Buffer, at: number, end: number): void;
}

const LINE_END = '\r\n';
const MSG = 'MSG ';

/** @returns what is to be called with the bytes of each frame */
export function listenToNats({ subject, say, onReady, onMessage }: NatsOptions): (bytes: Buffer) => void {
  let rest: Buffer | undefined;

  function onLine(line: string): void {
    if (line.startsWith('INFO ')) say(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${subject} 1\r\nPING\r\n`);
    else if (line === 'PING') say('PONG\r\n');
    else if (line === 'PONG') onReady();
    else if (line.startsWith('-ERR')) throw new Error(line);
  }

  return (bytes) => {
    const chunk = rest ? Buffer.concat([rest, bytes]) : bytes;
    rest = undefined;
    let at = 0;
    for (let end = chunk.indexOf(LINE_END, at); end >= 0; end = chunk.indexOf(LINE_END, at)) {
      const line = chunk.toString('latin1', at, end);
      const begin = end + LINE_END.length;
      if (!line.startsWith(MSG)) {
        onLine(line);
        at = begin;
        continue;
      }
      const size = Number(line.slice(line.lastIndexOf(' ') + 1));
      if (chunk.length < begin + size + LINE_END.length) break;
      onMessage(chunk, begin, begin + size);
      at = begin + size + LINE_END.length;
    }
    // A copy: what is kept must not keep a whole pool alive.
    if (at < chunk.length) rest = Buffer.from(chunk.subarray(at));
  };
}
