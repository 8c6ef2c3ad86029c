/**
 * Plain WebSocket: `/live/ws/<session_id>`, `/gallery/ws/<session_id>` and `/feeds/ws`, one JSON object in each text frame. A refusal is an HTTP answer, given
 * before the upgrade; a client that cannot read that is told by an ERROR and the code of the close.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Admitted, LAST_OPEN } from '../listeners/admission.ts';
import { type CloseCode, type Message, REASONS } from '../listeners/messages.ts';
import type { Wire } from '../listeners/outlet.ts';
import type { Batch, Format, Namespace } from '../listeners/prepared.ts';
import type { Reception, Receptions } from '../listeners/reception.ts';
import type { BareVisit } from '../listeners/visit.ts';
import type { Floodgate } from './floodgate.ts';
import { FrameWriter, type Taker } from './readyFrames.ts';
import { closeCodeOf, NOWHERE, type Refusal, refusalOf, rejectUpgrade } from './refusal.ts';
import { type RealAddress, requestOfUrl } from './request.ts';

/** As a path names it. */
export interface AskedRoom {
  namespace: Namespace;
  session_id: string | typeof LAST_OPEN;
}

export interface WebSockets {
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, asked: AskedRoom): Promise<void>;
  /** Cuts the connections that are still open. */
  close(): void;
}

const SUBPROTOCOL = 'plearoll.v1';
const HANDSHAKE_KEY = /^[+/0-9A-Za-z]{22}==$/;

export interface WebSocketsOptions {
  receptions: Receptions;
  floodgate: Floodgate;
  realAddress: RealAddress;
  /** Where the public finds the pages that explain refusals. */
  public_url?: string | undefined;
  log: Log;
}

export function createWebSockets(options: WebSocketsOptions): WebSockets {
  const { receptions, floodgate: Gate, realAddress, public_url, log } = options;
  const handleProtocols = (offered: Set<string>) => offered.has(SUBPROTOCOL) && SUBPROTOCOL;
  const server = new Gate({ noServer: true, handleProtocols });

  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, asked: AskedRoom): Promise<void> {
    const reception = receptions[asked.namespace];
    if (!reception) return rejectUpgrade(req, socket, NOWHERE, public_url);
    const { admit, listeners } = reception;
    if (!isHandshake(req)) return void server.handleUpgrade(req, socket, head, () => socket.destroy());
    const onError = () => socket.destroy();
    socket.on('error', onError);
    server.gate(socket, head);
    const outcome = await admit(requestOfUrl('websocket', req, asked.session_id, realAddress)).catch((error) =>
      refusalOf(error, log),
    );
    socket.off('error', onError);
    if ('identity' in outcome) server.handleUpgrade(req, socket, head, (ws) => serve(ws, listeners, outcome));
    else if (reception.inWords !== undefined || readsCloseCodes(req))
      server.handleUpgrade(req, socket, head, (ws) => refuse(ws, outcome, reception));
    else rejectUpgrade(req, socket, outcome, public_url);
  }

  function refuse(ws: WebSocket, refusal: Refusal, reception: Reception): void {
    const { code, detail } = refusal.body;
    const inWords = reception.inWords?.(refusal.body);
    const close = closeCodeOf(refusal);
    ws.on('error', onError);
    ws.send(JSON.stringify(inWords?.message ?? ({ type: 'ERROR', code, detail } satisfies Message)));
    ws.close(inWords?.close ?? close, inWords?.code ?? REASONS[close]);
  }

  function serve(ws: WebSocket, listeners: Reception['listeners'], admitted: Admitted): void {
    const wire = new WebSocketWire(ws, Gate.socketBeneath(ws));
    const visit = listeners.enter('websocket', admitted, wire);
    wire.visit = visit;
    ws.on('message', (bytes: Buffer, isBinary) => {
      visit.receive({ bytes: bytes.length, isText: !isBinary, parse: () => JSON.parse(String(bytes)) });
    });
    ws.on('error', onError);
    ws.on('close', () => visit.leave());
  }

  function onError(err: Error): void {
    log.debug({ err }, 'a WebSocket failed');
  }

  function close(): void {
    for (const ws of server.clients) ws.terminate();
    server.close();
  }

  return { upgrade, close };
}

/** What is none is refused before it costs anything, in the words of `ws`. */
function isHandshake({ headers }: IncomingMessage): boolean {
  return HANDSHAKE_KEY.test(headers['sec-websocket-key'] ?? '') && headers['sec-websocket-version'] === '13';
}

/** Browsers name the page's origin. They show a page nothing of an HTTP answer, but the code of a close. */
function readsCloseCodes({ headers }: IncomingMessage): boolean {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return headers.origin !== undefined || offered.includes(SUBPROTOCOL);
}

/** A listener's WebSocket: ready frames go beneath it, where that can be; else texts through it. */
class WebSocketWire implements Wire, Taker {
  readonly #ws: WebSocket;
  readonly #writer: FrameWriter | TextWriter;
  visit: BareVisit | undefined;

  constructor(ws: WebSocket, socket: Duplex | undefined) {
    this.#ws = ws;
    this.#writer = socket ? new FrameWriter(socket, this) : new TextWriter(ws, this);
  }

  write(batch: Batch): boolean {
    return this.#writer.write(batch, 'websocket');
  }

  onTaken(): void {
    this.visit?.onTaken();
  }

  close(code: CloseCode): void {
    this.#ws.close(code, REASONS[code]);
  }

  isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }
}

class TextWriter {
  readonly #ws: WebSocket;
  readonly #onWritten: () => void;
  #underWay = 0;

  constructor(ws: WebSocket, taker: Taker) {
    this.#ws = ws;
    this.#onWritten = () => {
      this.#underWay -= 1;
      if (this.#underWay === 0) taker.onTaken();
    };
  }

  write({ messages }: Batch, _format: Format): boolean {
    this.#underWay += messages.length;
    for (const { text } of messages) this.#ws.send(text, this.#onWritten);
    return this.#ws.bufferedAmount === 0;
  }
}
