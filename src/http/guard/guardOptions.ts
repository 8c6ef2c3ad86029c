/** What the guard works with. */
import type { CompositeKeys } from '../../guard/compositeKeys.ts';
import type { RuleName } from '../../guard/rules.ts';
import type { Addresses } from '../../infra/addresses.ts';
import type { SharedStore } from '../../infra/guard/createGuardStore.ts';
import type { Bans } from '../../infra/guard/followBans.ts';

/** What the guard does about a key or an address. */
export interface Punishment {
  rule: RuleName;
  /** Null before one is known. */
  institution_id: string | null;
  key?: string;
  address?: string;
}

export interface GuardOptions {
  /** @param sender the user's id, or the address */
  mayAsk(sender: string): Promise<boolean>;
  keys: CompositeKeys;
  store: SharedStore;
  bans: Pick<Bans, 'of'>;
  installation: string;
  addresses: Pick<Addresses, 'isAllowlisted'>;
  /** Never rejects. */
  punish(punishment: Punishment): Promise<void>;
  /** Counted, and written to the log. */
  tell(rule: RuleName, action: 'refusal', institution_id: string): void;
  institutionOf(session_id: string): Promise<string | null>;
}
