/**
 * Listens to the gallery of a session: what is said there from now on, and how it stands. What was said before is in the
 * list of the API, which is to be read whenever the connection is made (`welcome`).
 */
import { createBackoff } from './backoff.ts';
import { Refused } from './endings.ts';
import { type LineEnd, openLine } from './line.ts';
import { createListeners } from './listeners.ts';
import { type ConnectOptions, galleryAddressOf, readOptions } from './options.ts';
import { isTerminal, type ServerMessage, SUBPROTOCOL, UNAUTHENTICATED } from './protocol.ts';
import { createTokens } from './tokens.ts';

export type GalleryOptions = Pick<ConnectOptions, 'url' | 'session' | 'token' | 'ticket' | 'WebSocket' | 'timing'>;

/** Whether anything may be said, and how long one person waits between two messages, where slow mode is on. */
export interface GalleryState {
  open: boolean;
  slow_seconds: number;
}

/** As the API's list has it. */
export interface GalleryMessage {
  id: string;
  author: string;
  category: 'question' | 'comment';
  text: string;
  posted_at: string;
  votes: number;
  answered: boolean;
  state: string;
}

export interface GalleryEvents {
  /** Connected: what was said up to now is to be read from the list; all after it is told. */
  welcome: GalleryState;
  message: GalleryMessage;
  changed: Pick<GalleryMessage, 'id' | 'votes' | 'answered'>;
  hidden: Pick<GalleryMessage, 'id'>;
  restored: GalleryMessage;
  state: GalleryState;
  /** The connection is lost, and made again by itself. */
  lost: undefined;
  /** The server will not have us. The listener is closed. */
  error: Refused;
}

export interface GalleryListener {
  /** @returns what takes the callback away again */
  on<Name extends keyof GalleryEvents>(name: Name, callback: (what: GalleryEvents[Name]) => void): () => void;
  close(): void;
}

const NAMES: { readonly [type: string]: keyof GalleryEvents } = {
  MESSAGE: 'message',
  CHANGED: 'changed',
  HIDDEN: 'hidden',
  RESTORED: 'restored',
  STATE: 'state',
};

export function gallery(options: GalleryOptions): GalleryListener {
  const { relay, session, timing, Socket, ...told } = readOptions(options);
  const { on, emit } = createListeners<GalleryEvents>();
  const backoff = createBackoff(timing.first_wait_ms, timing.longest_wait_ms);
  const tokens = createTokens(told.token, told.ticket);
  let ticket: string | undefined;
  let isClosed = false;
  let endNow = () => {};

  async function listen(): Promise<void> {
    while (!isClosed) {
      const { end, farewell } = await visit();
      if (isClosed) return;
      const code = 'code' in end ? end.code : undefined;
      if (code !== undefined && isTerminal(code) && !(code === UNAUTHENTICATED && tokens.isRenewable())) {
        throw new Refused(
          String(farewell?.code ?? 'refused'),
          String(farewell?.detail ?? `Closed with ${code}.`),
          code,
        );
      }
      emit('lost', undefined);
      await pause(backoff.next());
    }
  }

  async function visit(): Promise<{ end: LineEnd; farewell: ServerMessage | undefined }> {
    let farewell: ServerMessage | undefined;
    try {
      const token = await tokens.get();
      if (isClosed) return { end: { code: 1000 }, farewell };
      const line = openLine(galleryAddressOf(relay(), session, { token, ticket }), SUBPROTOCOL, Socket, timing);
      endNow = () => line.end({ code: 1000 });
      line.hearWith((data) => {
        const message = JSON.parse(String(data)) as ServerMessage;
        if (message.type === 'ERROR') farewell = message;
        else hear(message);
        return undefined;
      });
      return { end: await line.ended, farewell };
    } catch (error) {
      return { end: { error: error as Error }, farewell };
    }
  }

  function hear({ type, ...what }: ServerMessage): void {
    if (type === 'WELCOME') {
      backoff.reset();
      if (typeof what.resume_ticket === 'string') ticket = what.resume_ticket;
      emit('welcome', { open: what.open === true, slow_seconds: Number(what.slow_seconds) });
    } else if (Object.hasOwn(NAMES, type)) emit(NAMES[type]!, what as never);
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      endNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function close(): void {
    isClosed = true;
    endNow();
  }

  listen().catch((error: Refused) => {
    close();
    emit('error', error);
  });
  return { on, close };
}
