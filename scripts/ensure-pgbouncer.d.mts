export function findPgbouncer(): string | undefined;
export function ensurePgbouncer(): string;
