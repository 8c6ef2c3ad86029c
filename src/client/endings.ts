/** Why a connection ends on our side, or the client altogether. */

/** This connection is of no more use, and another may be: the client comes back and goes on from its last event. */
export class LineLost extends Error {}

/** No more is wanted just now: a reader's queue is full. */
export class ReadersFull extends LineLost {}

/** The server will not have us, or cannot give what we ask for; trying again as before would be in vain. */
export class Refused extends Error {
  /** A problem's or ERROR's code. */
  readonly code: string;
  readonly close_code: number | undefined;

  constructor(code: string, detail: string, close_code?: number) {
    super(detail);
    this.name = 'Refused';
    this.code = code;
    this.close_code = close_code;
  }
}
