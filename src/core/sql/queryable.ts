/** The least that reading and writing needs of a database connection: a pg Client, PoolClient or Pool fits. */

export interface Rows<Row> {
  rows: Row[];
  rowCount: number | null;
}

export interface Queryable {
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Rows<Row>>;
  query<Row = Record<string, unknown>>(statement: {
    name: string;
    text: string;
    values?: unknown[];
  }): Promise<Rows<Row>>;
}
