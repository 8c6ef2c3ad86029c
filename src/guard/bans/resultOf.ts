/** The ban after a command of an admin, as its answer shows it. */
import type { Applied, Command } from '../../core/definitions/command.ts';
import type { Bans } from './ban.ts';

type Input = { key?: string | undefined; address?: string | undefined };

export function resultOf({ states, events }: Applied<{ guard: Bans }>, { input }: Command<Input>) {
  const { ban_id } = events[0]!.payload as { ban_id: string };
  const ban = states.guard.open.find(({ id }) => id === ban_id);
  const subject: Input = ban ? { [ban.subject]: ban.value } : input;
  const { key = null, address = null } = subject;
  return { id: ban_id, key, address, until: ban?.until ?? null, lifted: ban === undefined };
}
