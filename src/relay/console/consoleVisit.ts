/** One connection of a console: it joins the rooms that its token has, and hears what is told there. What is missed is read over HTTP. */
import { ADMINS, type Role } from '../../core/definitions/actor.ts';
import type { ToldConsole } from '../../infra/console/tellConsole.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { ConsoleClientMessage, ConsoleMessage } from '../../live/consoleMessages.ts';
import { Inbound, type Said } from '../listeners/inbound.ts';
import { CLOSE, type Message } from '../listeners/messages.ts';
import { Outlet, type Wire } from '../listeners/outlet.ts';
import type { Prepared } from '../listeners/prepared.ts';
import { TokenLife } from '../listeners/tokenLife.ts';
import { type BareVisit, UNREAD_MS, type Visitor } from '../listeners/visit.ts';
import { NOT_ALLOWED, prepareConsole, prepareConsoleError, readConsoleMessage, USE_REST } from './consoleWords.ts';
import { Hearing, MOST_WATCHED } from './hearing.ts';
import type { Seen } from './knownTopology.ts';

export interface ConsoleVisitOptions {
  tokens: Tokens;
  metrics: Metrics;
  /** The topology is asked for. */
  onTopology(): void;
  /** Whether a person is one of this institution; null: of any. */
  isPersonOf(user_id: string, institution_id: string | null): Promise<boolean>;
}

/** What waits for a connection that takes nothing. */
const MOST_WAITING = 64;
const isAdmin = ({ role }: { role: string }) => ADMINS.includes(role as Role);
const ADMINS_ALONE = 'This takes one of the roles admin, super_admin.';

const now = () => new Date().toISOString();

export class ConsoleVisit implements BareVisit {
  readonly outlet: Outlet;
  readonly #visitor: Visitor;
  readonly #options: ConsoleVisitOptions;
  readonly #inbound: Inbound;
  readonly #tokenLife: TokenLife;
  readonly #hearing = new Hearing();
  #wantsTopology = false;
  #topology = '';
  #told = 0;
  #hasLeft = false;

  constructor(visitor: Visitor, wire: Wire, options: ConsoleVisitOptions) {
    this.#visitor = visitor;
    this.#options = options;
    this.outlet = new Outlet(wire, options.metrics, this, (message) => inWords(message));
    this.#inbound = new Inbound(this.outlet, options.metrics);
    this.#tokenLife = new TokenLife(visitor.admitted, options.tokens, this.outlet);
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
    if (message.type === 'subscribe_risk_score') void this.#subscribeRisk(message.user_id ?? this.#actor.id);
    if (message.type === 'subscribe_network_topology') this.#subscribeTopology();
    if (message.type === 'REAUTH') void this.#tokenLife.renew(message.token);
  }

  /** @param asked an id of somebody else is refused like one that nobody has */
  #join(asked: string | undefined, own: string | null, room: string): void {
    if (asked !== undefined && asked.toLowerCase() !== own) this.#refuse('not_found', 'There is no such room for you.');
    else {
      this.#hearing.join(room);
      this.#say({ type: 'room_joined', room });
    }
  }

  #joinAdmins(asked: string | undefined): void {
    const { role, institution_id } = this.#actor;
    if (!isAdmin(this.#actor)) this.#refuse('forbidden', ADMINS_ALONE);
    else if (role === 'super_admin') this.#join(asked, null, 'admin:installation');
    else this.#join(asked, institution_id, `admin:${institution_id}`);
  }

  #leaveRoom(room: string): void {
    if (this.#hearing.leave(room)) this.#say({ type: 'room_left', room });
    else this.#refuse('not_found', 'You are in no such room.');
  }

  /** People ask for their own; admins for that of people of their institution. */
  async #subscribeRisk(asked: string): Promise<void> {
    const user_id = asked.toLowerCase();
    const mayWatch = await this.#mayWatch(user_id).catch(() => undefined);
    if (mayWatch === undefined) this.#refuse('unavailable', 'This cannot be looked up just now. Ask again.');
    else if (!mayWatch) this.#refuse('not_found', 'There is no such sign-in for you.');
    else if (this.#hearing.watch(user_id)) this.#say({ type: 'subscribed', to: 'risk_score' });
    else this.#refuse('too_many_subscriptions', `One connection hears of ${MOST_WATCHED} people at most.`);
  }

  async #mayWatch(user_id: string): Promise<boolean> {
    const { id, role, institution_id } = this.#actor;
    if (user_id === id) return true;
    // None of an institution is one of all of them.
    if (!isAdmin(this.#actor) || (role !== 'super_admin' && institution_id === null)) return false;
    return this.#options.isPersonOf(user_id, role === 'super_admin' ? null : institution_id);
  }

  #subscribeTopology(): void {
    if (!isAdmin(this.#actor)) {
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
    if (!this.#hearing.hears(event, to, this.#actor) || this.outlet.waiting() >= MOST_WAITING) return;
    if (event === 'session_terminated') {
      const { reason = 'The sign-in was ended.' } = body as { reason?: unknown };
      this.outlet.close(CLOSE.token, { type: 'ERROR', code: 'session_terminated', detail: String(reason) });
      return;
    }
    this.#told += 1;
    this.outlet.owe(`told ${this.#told}`, () => prepared);
  }

  /** The institution whose topology is wanted; null: all of them; undefined: none. */
  topologyOf(): string | null | undefined {
    if (!this.#wantsTopology) return undefined;
    return this.#actor.role === 'super_admin' ? null : this.#actor.institution_id;
  }

  /** @param isDue it is told, though nothing has changed */
  tellTopology({ as_of, ...topology }: Seen, isDue: boolean): void {
    const text = JSON.stringify(topology);
    if (text === this.#topology && !isDue) return;
    this.#topology = text;
    this.#say({ type: 'network_topology_update', ...topology, as_of });
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
  if (message.type === 'DRAIN') {
    return prepareConsoleError('draining', 'The relay is stopping. Connect again, to another one.');
  }
  if (message.type !== 'ERROR') return { type: message.type, text: JSON.stringify(message) };
  if (message.code !== 'session_terminated') return prepareConsoleError(message.code, message.detail);
  return prepareConsole({ type: 'session_terminated', reason: message.detail });
}
