/**
 * Bans as they stand in Postgres, told to where the guard counts: when they change, when Redis has come back, and when it
 * has forgotten them. Meanwhile each process knows them by itself.
 */
import type { Bans, KnownBan } from '../../infra/guard/followBans.ts';
import type { GuardStore, MirroredBan } from '../../infra/guard/guardStore.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { mirroredAs } from './bannedAs.ts';

const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 500;
/** Redis may come back after each fault of one question, as beside another version: all bans are then many. */
const ALL_EVERY_MS = 10_000;

interface Mirroring {
  store: Pick<GuardStore, 'mirror' | 'claimMirror'>;
  bans(): Bans | undefined;
  installation: string;
  log: Pick<Log, 'debug'>;
}

export function createMirror({ store, bans, installation, log }: Mirroring) {
  const nameOf = (ban: KnownBan) => mirroredAs(ban, installation);

  /** Of several under one name the one that lasts longest. */
  function mirrored(ban: KnownBan): MirroredBan {
    const { subject, value } = ban;
    const others = (bans()?.of(subject, value) ?? []).filter(({ id }) => id !== ban.id);
    const left = [ban, ...others.filter((one) => nameOf(one) === nameOf(ban))].map(({ left_ms }) => left_ms);
    return { subject, value: nameOf(ban), left_ms: left.includes(null) ? null : Math.max(...(left as number[])) };
  }

  async function mirror(changed: readonly KnownBan[]): Promise<void> {
    for (let i = 0; i < changed.length; i += AT_ONCE) {
      await store.mirror(changed.slice(i, i + AT_ONCE).map(mirrored));
    }
  }

  async function look(): Promise<void> {
    if (await store.claimMirror()) await mirrorAll();
  }

  const mirrorAll = () => mirror(bans()?.all() ?? []);
  const failed = (err: unknown) => log.debug({ err }, 'mirroring bans failed; the next look tries again');
  let timer: NodeJS.Timeout | undefined;
  let owed: NodeJS.Timeout | undefined;
  let paid_at = Number.NEGATIVE_INFINITY;

  /** At once, unless that was done just now: then a little later, for all times that it was asked for. */
  function mirrorAgain(): void {
    if (owed === undefined) owed = setTimeout(pay, Math.max(0, paid_at + ALL_EVERY_MS - performance.now())).unref();
  }

  function pay(): void {
    owed = undefined;
    paid_at = performance.now();
    void mirrorAll().catch(failed);
  }

  function start(): void {
    void mirrorAll().catch(failed);
    timer = setInterval(() => void look().catch(failed), LOOK_EVERY_MS).unref();
  }

  return {
    start,
    mirror: (changed: readonly KnownBan[]) => void mirror(changed).catch(failed),
    mirrorAgain,
    close() {
      clearInterval(timer);
      clearTimeout(owed);
    },
  };
}
