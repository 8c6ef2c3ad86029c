/**
 * COPY over a connection of pg, in both directions and without ever holding a table in memory: a reader that is slow
 * holds the server back, and so does a server that is slow to take. Wants a plain Client: pipelined ones refuse it.
 */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import type pg from 'pg';

/** What pg's connection is to a query that speaks the protocol itself. */
interface Connection {
  stream: NodeJS.WritableStream & { pause(): void; resume(): void; writableNeedDrain: boolean };
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(why: string): void;
}

const CHUNK_BYTES = 65_536;

/** @param text `copy ... to stdout`. @returns what it sends, whole rows to a chunk; destroyed with the server's fault */
export function copyOut(client: pg.Client, text: string): Readable {
  let connection: Connection | undefined;
  let gathered: Buffer[] = [];
  let bytes = 0;
  const rows = new Readable({ read: () => connection?.stream.resume(), highWaterMark: 4 * CHUNK_BYTES });
  const hand = () => {
    const isEnough = rows.push(Buffer.concat(gathered));
    gathered = [];
    bytes = 0;
    if (!isEnough) connection?.stream.pause();
  };
  submit(client, {
    submit: (given) => {
      connection = given;
      given.query(text);
    },
    // The parser will write over its buffer.
    handleCopyData: ({ chunk }) => {
      gathered.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes >= CHUNK_BYTES) hand();
    },
    handleReadyForQuery: () => {
      if (bytes > 0) hand();
      rows.push(null);
      connection?.stream.resume();
    },
    handleError: (fault) => void rows.destroy(fault),
  });
  return rows;
}

/** @param text `copy ... from stdin`. @returns how many rows were stored. @throws the server's fault, or the source's */
export function copyIn(client: pg.Client, text: string, rows: AsyncIterable<Buffer>): Promise<number> {
  return new Promise((resolve, reject) => {
    let isRefused = false;
    let count = 0;
    const feed = async (connection: Connection) => {
      try {
        for await (const chunk of rows) {
          if (isRefused) return;
          connection.sendCopyFromChunk(chunk);
          if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
        }
        connection.endCopyFrom();
      } catch (fault) {
        reject(fault);
        connection.sendCopyFail('the source ended early');
      }
    };
    submit(client, {
      submit: (connection) => connection.query(text),
      handleCopyInResponse: (connection) => void feed(connection),
      handleCommandComplete: ({ text }) => {
        count = Number(/^COPY (\d+)/.exec(text)?.[1]);
      },
      handleReadyForQuery: () => resolve(count),
      handleError: (fault) => {
        isRefused = true;
        reject(fault);
      },
    });
  });
}

/** What pg asks of a query that speaks the protocol itself. */
interface Query {
  submit(connection: Connection): void;
  handleCopyData?(message: { chunk: Buffer }): void;
  handleCopyInResponse?(connection: Connection): void;
  handleCommandComplete?(message: { text: string }): void;
  handleReadyForQuery(): void;
  handleError(fault: Error): void;
}

function submit(client: pg.Client, query: Query): void {
  const ignore = () => {};
  client.query({ handleCommandComplete: ignore, handleRowDescription: ignore, ...query } as never);
}
