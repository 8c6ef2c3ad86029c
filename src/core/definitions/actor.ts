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
}

export const ADMINS: readonly Role[] = ['admin', 'super_admin'];
