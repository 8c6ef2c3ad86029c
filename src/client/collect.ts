/**
 * How somebody types, points and reads on a page, in times alone, sent every half minute to `/telemetry/batches`: which key
 * it was is forgotten when it is up. It ends by itself where telemetry is off or there is no consent. docs/client.md.
 */

export interface CollectOptions {
  /** Of the API. */
  url: string;
  /** Of the person; a function is asked before each batch. */
  token: string | (() => string | Promise<string>);
  every_ms?: number;
}

export interface Collecting {
  /** Sends what there is, and ends. */
  stop(): Promise<void>;
}

const EVERY_MS = 30_000;
/** Between two movements that are noted. */
const STEP_MS = 50;
/** Of a batch; the server takes somewhat more. */
const MOST = 1_500;
const MOST_VIEWS = 150;
const LONGEST_MS = 60_000;
const FARTHEST = 100_000;
const LONGEST_BATCH_MS = 590_000;

/** What a page tells of itself. */
interface Told {
  code?: string;
  repeat?: boolean;
  pageX?: number;
  pageY?: number;
}
interface Page {
  addEventListener(type: string, listener: (event: Told) => void, options: object): void;
  removeEventListener(type: string, listener: (event: Told) => void, options: object): void;
  location: { pathname: string };
  scrollY: number;
}

const atMost = (most: number, value: number) => Math.min(most, Math.round(value));
const whole = (value = 0) => atMost(FARTHEST, Math.max(0, value));
const nothing = () => ({
  keystrokes: [] as object[],
  mouse_movements: [] as object[],
  clicks: [] as object[],
  scrolls: [] as object[],
  navigation: [] as object[],
});

/** What is noted of a page until it is taken. */
function watch(page: Page) {
  const held = new Map<string, { at: number; flight: number }>();
  let batch = nothing();
  let count = 0;
  let started = Date.now();
  let began = performance.now();
  let pressed: number | undefined;
  let moved = Number.NEGATIVE_INFINITY;
  let scrolled = page.scrollY;
  let path: string | undefined;

  const now = () => performance.now();
  const since = (at: number) => Math.max(0, Math.round(at - began));

  function note(kind: keyof typeof batch, entry: object): void {
    // A page that slept sends nothing of long ago.
    if (count >= MOST || now() - began > LONGEST_BATCH_MS) return;
    batch[kind].push(entry);
    count += 1;
  }

  function view(): void {
    if (page.location.pathname === path) return;
    path = page.location.pathname;
    if (batch.navigation.length < MOST_VIEWS) note('navigation', { t: since(now()), path: path.slice(0, 300) });
  }

  const placed = ({ pageX, pageY }: Told) => ({ t: since(now()), x: whole(pageX), y: whole(pageY) });

  const listeners: Record<string, (event: Told) => void> = {
    keydown({ code = '', repeat }) {
      if (repeat || held.size > 20) return;
      const at = now();
      held.set(code, { at, flight: pressed === undefined ? 0 : atMost(LONGEST_MS, at - pressed) });
      pressed = at;
    },
    keyup({ code = '' }) {
      const key = held.get(code);
      held.delete(code);
      // Held since before the last batch, it has no place in this one.
      if (!key || key.at < began) return;
      note('keystrokes', { t: since(key.at), dwell: atMost(LONGEST_MS, now() - key.at), flight: key.flight });
    },
    mousemove(event) {
      if (now() - moved < STEP_MS) return;
      moved = now();
      note('mouse_movements', placed(event));
    },
    click(event) {
      note('clicks', placed(event));
      view();
    },
    scroll() {
      const dy = Math.round(page.scrollY - scrolled);
      scrolled = page.scrollY;
      if (dy !== 0) note('scrolls', { t: since(now()), dy: Math.sign(dy) * atMost(FARTHEST, Math.abs(dy)) });
    },
    popstate: view,
    // No key is up that was let go elsewhere.
    blur: () => held.clear(),
  };

  /** Undefined where nothing happened. */
  function take(): string | undefined {
    view();
    const metadata = { started_at: new Date(started).toISOString() };
    const body = count > 0 ? JSON.stringify({ ...batch, metadata }) : undefined;
    batch = nothing();
    count = 0;
    started = Date.now();
    began = now();
    return body;
  }

  view();
  return { listeners, take };
}

/** Only in a page. Consent is asked before, by the page: `POST /telemetry/consent`. */
export function collect({ url, token, every_ms = EVERY_MS }: CollectOptions): Collecting {
  const page = globalThis as unknown as Page;
  const { listeners, take } = watch(page);
  const how = { passive: true, capture: true };
  const all = Object.entries({ ...listeners, pagehide: () => void send(true) });
  let isOver = false;

  async function send(keepalive = false): Promise<void> {
    const body = take();
    if (body === undefined || isOver) return;
    try {
      const bearer = typeof token === 'function' ? await token() : token;
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
      const { status } = await fetch(`${url}/telemetry/batches`, { method: 'POST', headers, body, keepalive });
      if (status === 403 || status === 401) end();
    } catch {
      // What could not be sent is lost: nothing waits for it.
    }
  }

  function end(): void {
    isOver = true;
    clearInterval(timer);
    for (const [type, listener] of all) page.removeEventListener(type, listener, how);
  }

  for (const [type, listener] of all) page.addEventListener(type, listener, how);
  const timer = setInterval(() => void send(), every_ms);
  return {
    async stop() {
      await send();
      end();
    },
  };
}
