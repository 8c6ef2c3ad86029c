/**
 * Listens to the gallery of a session: what is said there from now on, and how it stands. What was said before is in the
 * list of the API, which is to be read whenever the connection is made (`welcome`).
 */
import type { Refused } from './endings.ts';
import { createListeners } from './listeners.ts';
import { keepListening } from './listening.ts';
import { type ConnectOptions, galleryAddressOf, readOptions } from './options.ts';
import { isTerminal, type ServerMessage, UNAUTHENTICATED } from './protocol.ts';
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
  const tokens = createTokens(told.token, told.ticket);
  let ticket: string | undefined;

  const listening = keepListening({
    ...{ Socket, timing, tokens, hear },
    address: (token) => galleryAddressOf(relay(), session, { token, ticket }),
    isFarewell: ({ type }) => type === 'ERROR',
    isFinal: (code) => isTerminal(code) && !(code === UNAUTHENTICATED && tokens.isRenewable()),
    onLost: () => emit('lost', undefined),
    onRefused: (error) => emit('error', error),
  });

  function hear({ type, ...what }: ServerMessage): void {
    if (type === 'WELCOME') {
      listening.arrived();
      if (typeof what.resume_ticket === 'string') ticket = what.resume_ticket;
      emit('welcome', { open: what.open === true, slow_seconds: Number(what.slow_seconds) });
    } else if (Object.hasOwn(NAMES, type)) emit(NAMES[type]!, what as never);
  }

  return { on, close: listening.close };
}
