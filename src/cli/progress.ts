/** A line on a terminal that says how far long work is; nothing where there is no terminal, and nothing of short work. */

export interface Progress {
  moveTo(done: number): void;
  /** Takes the line away. */
  end(): void;
}

const SHOWN_AFTER_MS = 500;
const DRAWN_EVERY_MS = 100;

export function startProgress(terminal: NodeJS.WritableStream & { isTTY?: boolean }, now = Date.now): Progress {
  const started = now();
  let drawn = started + SHOWN_AFTER_MS - DRAWN_EVERY_MS;
  let isShown = false;

  function moveTo(done: number): void {
    const at = now();
    if (!terminal.isTTY || at - drawn < DRAWN_EVERY_MS) return;
    drawn = at;
    isShown = true;
    const rate = Math.round((done * 1_000) / (at - started));
    terminal.write(`\r\u001b[K${done.toLocaleString('en')} events verified, ${rate.toLocaleString('en')} a second`);
  }

  return { moveTo, end: () => void (isShown && terminal.write('\r\u001b[K')) };
}
