/**
 * The channel to consoles: whatever tells of a person's sign-in, of risk, of policies or of notices tells it here, once for
 * each audience. Best effort: what is lost is read again over HTTP.
 */
import type { Broadcast } from '../broadcast/broadcast.ts';

/** The channel. */
export const CONSOLE = 'console';

export const CONSOLE_EVENTS = [
  'risk_score_update',
  'network_topology_update',
  'threat_alert',
  'admin_notification',
  'session_terminated',
  'reauthentication_required',
  'session_monitoring',
  'policy_update',
  'notification',
] as const;
export type ConsoleEvent = (typeof CONSOLE_EVENTS)[number];

/** Of which institution a person is meant, and so whose admins may look on; all of them where it is not said. */
interface Within {
  institution_id?: string | null;
}

/**
 * A person, the admins of an institution (null: those of the installation), or the sockets of one sign-in. Those that watch its
 * person hear of it where `user_id` says which that is.
 */
export type ConsoleAudience =
  | ({ user_id: string } & Within)
  | { admins: string | null }
  | ({ login_id: string; user_id?: string } & Within);

export interface ToldConsole {
  event: ConsoleEvent;
  to: ConsoleAudience;
  body: object;
}

/** Never rejects, where `publish` does not: as a follower of commits has it. */
export type Publish = (channel: string, message: string) => Promise<void>;

export function tellConsole(publish: Publish, told: ToldConsole): Promise<void> {
  return publish(CONSOLE, JSON.stringify(told));
}

/** For what has a broadcast and nobody who counts what it loses. */
export function quietly(broadcast: Pick<Broadcast, 'publish'>): Publish {
  return (channel, message) => broadcast.publish(channel, message).catch(() => {});
}
