export function findPostgresBin(): string | undefined;
export function ensurePostgres(): string;
