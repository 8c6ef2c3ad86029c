/**
 * The events that a room does not keep any more, read a page at a time. Listeners that come back together ask for the
 * same ones: a page is read once for all of them, and kept for as long as they take to follow each other.
 */
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { PreparedEvent } from '../listeners/prepared.ts';
import type { RoomKind } from './roomKind.ts';

type Page = readonly PreparedEvent[];

const KEPT_PAGES = 4;
const KEPT_MS = 5_000;

/** @returns what gives a page that has the event after one, where there is one */
export function createPages(
  read: (after: number) => Promise<ExportedEvent[]>,
  prepare: RoomKind['prepare'],
): (after: number) => Promise<Page> {
  const underWay = new Map<number, Promise<Page>>();
  const kept: Page[] = [];

  return async (after) => {
    const found = kept.find((page) => page[0]!.event_sequence <= after + 1 && page.at(-1)!.event_sequence > after);
    if (found) return found;
    const reading = underWay.get(after) ?? readOnce(after);
    underWay.set(after, reading);
    return reading;
  };

  async function readOnce(after: number): Promise<Page> {
    try {
      const page = (await read(after)).map(prepare);
      if (page.length > 0) keep(page);
      return page;
    } finally {
      underWay.delete(after);
    }
  }

  function keep(page: Page): void {
    kept.push(page);
    if (kept.length > KEPT_PAGES) kept.shift();
    setTimeout(() => {
      if (kept.includes(page)) kept.splice(kept.indexOf(page), 1);
    }, KEPT_MS).unref();
  }
}
