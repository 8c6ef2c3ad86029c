/** A procedural violation: a fault that an official puts on record. It needs no ruling; what it costs is for the scores. */
export interface Violation {
  id: string;
  /** Who is at fault. */
  user_id: string;
  turn_id: string | null;
  kind: string;
  description: string;
  recorded_by: string;
  recorded_at: string;
}
