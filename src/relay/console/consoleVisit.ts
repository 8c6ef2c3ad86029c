/** One connection of a console: it joins the rooms that its token has, and hears what is told there. What is missed is read over HTTP. */
import type { ConsoleAudience, ToldConsole } from '../../infra/console/tellConsole.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { ConsoleClientMessage, ConsoleMessage, Topology } from '../../live/consoleMessages.ts';
import { Inbound, type Said } from '../listeners/inbound.ts';
import { CLOSE, type Message } from '../listeners/messages.ts';
import { Outlet, type Wire } from '../listeners/outlet.ts';
import type { Prepared } from '../listeners/prepared.ts';
import { TokenLife } from '../listeners/tokenLife.ts';
import { type BareVisit, UNREAD_MS, type Visitor } from '../listeners/visit.ts';
import { NOT_ALLOWED, prepareConsole, prepareConsoleError, readConsoleMessage, USE_REST } from './consoleWords.ts';

export interface ConsoleVisitOptions {
  tokens: Tokens;
  metrics: Metrics;
  /** The topology is asked for. */
  onTopology(): void;
}

/** What waits for a connection that takes nothing. */
const MOST_WAITING = 64;
const FOR_ADMINS = ['admin', 'super_admin'];
const ADMINS_ALONE = 'This takes one of the roles admin, super_admin.';

const now = () => new Date().toISOString();

export class ConsoleVisit implements BareVisit {
  readonly outlet: Outlet;
  readonly #visitor: Visitor;
  readonly #options: ConsoleVisitOptions;
  readonly #inbound: Inbound;
  readonly #tokenLife: TokenLife;
  readonly #rooms = new Set<string>();
  #wantsRisk = false;
  #wantsTopology = false;
  #topology = '';
  #told = 0;
  #hasLeft = false;

  constructor(visitor: Visitor, wire: Wire, options: ConsoleVisitOptions) {
    this.#visitor = visitor;
    this.#options = options;
    this.outlet = new Outlet(wire, options.metrics, this, (message) => inWords(message));
    this.#inbound = new Inbound(this.outlet, options.metrics);
    this.#tokenLife = new TokenLife(visitor.admitted, options.tokens, this.outlet, false);
  }

  get #actor() {
    return this.#visitor.admitted.identity.actor;
  }

  start(): void {
    if (!this.outlet.isOpen()) return;
    const { connection_id: sid } = this.#visitor.admitted;
    this.outlet.welcome([
      prepareConsole({ type: 'connection_response', status: 'connected', sid, server_time: now() }),
    ]);
  }

  receive(said: Said): void {
    const heard = this.#inbound.hear(said);
    if (heard === undefined) return;
    const message = readConsoleMessage(heard);
    if (message === 'behavioral_data') this.outlet.owe('error use_rest', () => USE_REST);
    else if (message) this.#answer(message);
    else {
      this.#options.metrics.refusedMessages.inc({ reason: 'not_allowed' });
      this.outlet.owe('error message_not_allowed', () => NOT_ALLOWED);
    }
  }

  #answer(message: ConsoleClientMessage): void {
    if (message.type === 'ping') this.#say({ type: 'pong', server_time: now() });
    if (message.type === 'join_user_room') this.#join(message.user_id, this.#actor.id, `user:${this.#actor.id}`);
    if (message.type === 'join_admin_room') this.#joinAdmins(message.institution_id);
    if (message.type === 'leave_room') this.#leaveRoom(message.room);
    if (message.type === 'subscribe_risk_score') this.#subscribeRisk(message.user_id);
    if (message.type === 'subscribe_network_topology') this.#subscribeTopology();
  }

  /** @param asked an id of somebody else is refused like one that nobody has */
  #join(asked: string | undefined, own: string | null, room: string): void {
    if (asked !== undefined && asked.toLowerCase() !== own) this.#refuse('not_found', 'There is no such room for you.');
    else {
      this.#rooms.add(room);
      this.#say({ type: 'room_joined', room });
    }
  }

  #joinAdmins(asked: string | undefined): void {
    const { role, institution_id } = this.#actor;
    if (!FOR_ADMINS.includes(role)) this.#refuse('forbidden', ADMINS_ALONE);
    else if (role === 'super_admin') this.#join(asked, null, 'admin:installation');
    else this.#join(asked, institution_id, `admin:${institution_id}`);
  }

  #leaveRoom(room: string): void {
    if (this.#rooms.delete(room)) this.#say({ type: 'room_left', room });
    else this.#refuse('not_found', 'You are in no such room.');
  }

  #subscribeRisk(asked: string | undefined): void {
    const isOwn = asked === undefined || asked.toLowerCase() === this.#actor.id;
    this.#wantsRisk ||= isOwn;
    if (isOwn) this.#say({ type: 'subscribed', to: 'risk_score' });
    else this.#refuse('not_found', 'There is no such sign-in for you.');
  }

  #subscribeTopology(): void {
    if (!FOR_ADMINS.includes(this.#actor.role)) {
      this.#refuse('forbidden', ADMINS_ALONE);
      return;
    }
    this.#wantsTopology = true;
    this.#topology = '';
    this.#say({ type: 'subscribed', to: 'network_topology' });
    this.#options.onTopology();
  }

  #refuse(code: string, detail: string): void {
    this.outlet.owe(`error ${code}`, () => prepareConsoleError(code, detail));
  }

  #say(message: ConsoleMessage): void {
    const kind = 'room' in message ? `${message.type} ${message.room}` : message.type;
    this.outlet.owe('to' in message ? `${kind} ${message.to}` : kind, () => prepareConsole(message));
  }

  /** What was told, where it is for this connection. */
  tell({ event, to, body }: ToldConsole, prepared: Prepared): void {
    if (!this.#hears(event, to) || this.outlet.waiting() >= MOST_WAITING) return;
    if (event === 'session_terminated') {
      const { reason = 'The sign-in was ended.' } = body as { reason?: unknown };
      this.outlet.close(CLOSE.token, { type: 'ERROR', code: 'session_terminated', detail: String(reason) });
      return;
    }
    this.#told += 1;
    this.outlet.owe(`told ${this.#told}`, () => prepared);
  }

  #hears(event: string, to: ConsoleAudience): boolean {
    const { id } = this.#actor;
    if ('login_id' in to) return false;
    if ('admins' in to) return this.#rooms.has(`admin:${to.admins ?? 'installation'}`);
    if (to.user_id !== id) return false;
    if (event === 'session_terminated') return true;
    return event === 'risk_score_update' ? this.#wantsRisk : this.#rooms.has(`user:${id}`);
  }

  /** The institution whose topology is wanted; null: all of them; undefined: none. */
  topologyOf(): string | null | undefined {
    if (!this.#wantsTopology) return undefined;
    return this.#actor.role === 'super_admin' ? null : this.#actor.institution_id;
  }

  /** @param isDue it is told, though nothing has changed */
  tellTopology(topology: Topology, isDue: boolean): void {
    const text = JSON.stringify(topology);
    if (text === this.#topology && !isDue) return;
    this.#topology = text;
    this.#say({ type: 'network_topology_update', ...topology, as_of: now() });
  }

  onTaken(): void {
    this.outlet.onTaken();
  }

  /** Nothing waits but what is owed. */
  onFree(): void {}

  inspect(now_ms: number): void {
    if (!this.outlet.takes() && now_ms - this.outlet.stalledSince() > UNREAD_MS) this.#visitor.onSlow();
  }

  inspectToken(now_ms: number): void {
    this.#tokenLife.inspect(now_ms);
  }

  queued(): number {
    return this.outlet.takes() ? 0 : this.outlet.waiting();
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#visitor.onEnd();
  }
}

/** What is said in all kinds of rooms. */
function inWords(message: Message): Prepared {
  if (message.type !== 'ERROR') {
    return prepareConsoleError('draining', 'The relay is stopping. Connect again, to another one.');
  }
  if (message.code !== 'session_terminated') return prepareConsoleError(message.code, message.detail);
  return prepareConsole({ type: 'session_terminated', reason: message.detail });
}
