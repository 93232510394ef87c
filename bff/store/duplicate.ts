/**
 * Whether a write was refused because another row stands under a unique index already.
 * @param index its name and its columns: PostgreSQL tells the one, SQLite the others
 */
export function isDuplicate(
  error: unknown,
  index: { name: string; table: string; columns: readonly string[] },
): boolean {
  if (!(error instanceof Error)) return false;
  if ('constraint' in error && 'code' in error) return error.code === '23505' && error.constraint === index.name;
  const columns = index.columns.map((column) => `${index.table}.${column}`).join(', ');
  return error.message === `UNIQUE constraint failed: ${columns}`;
}
