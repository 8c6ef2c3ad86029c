/** Actors and roles. A role comes from the signed token, never from the client's word; each command names its roles. */

export const ROLES = ['super_admin', 'admin', 'judge', 'moderator', 'participant'] as const;
export type Role = (typeof ROLES)[number];

/** The sender of a command or a question. `id` is the user's uuid, the board's, `observer:<uuid>`, `system`, or of a reader without a token the address. */
export interface Actor {
  id: string;
  role: Role | 'observer' | 'board' | 'system' | 'anonymous';
  institution_id: string | null;
  /** What the token calls a person. The door alone knows it. */
  name?: string;
  /** The sign-in that the token is of. The door and the relay alone know it. */
  login?: Login;
  /** When the person has signed in, in seconds since 1970, where the issuer of the token says so. The door alone knows it. */
  signed_in_at?: number;
}

/** A person's sign-in, as the token tells of it. */
export interface Login {
  id: string;
  /** Of this token of it; null where the token has none. */
  jti: string | null;
  /** When the person signed in, else when the token was issued, in seconds since 1970; null where the token says neither. */
  auth_time: number | null;
  /** Of the token, in seconds since 1970. */
  expires_at: number;
  /** Set where no other token can be of it: nothing but the token, or its `jti`, names it. */
  of_one_token?: true;
}

/** What an admin of its institution is shown is no super_admin's. */
export function homeOf({ role, institution_id }: Actor): string | null {
  return role === 'super_admin' ? null : institution_id;
}

/** Where a request comes from, by hashes that name neither the device nor the network. */
export interface SeenFrom {
  device: string;
  network: string;
}

export const ADMINS: readonly Role[] = ['admin', 'super_admin'];
