/** The time zone of the process; undefined with an empty TZ, as compose files and charts pass it, or one that is none. */
export function processZone(): string | undefined {
  const { timeZone }: { timeZone?: string } = new Intl.DateTimeFormat().resolvedOptions();
  return timeZone === 'Etc/Unknown' ? undefined : timeZone;
}
