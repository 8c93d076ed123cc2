/** A client, a pool, or the transaction of an effect. */
export interface Queryable {
  query(
    sql: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
}
