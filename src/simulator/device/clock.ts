/** Device time as RouterOS writes it since 7.10: `YYYY-MM-DD HH:MM:SS`. The simulator's router lives in UTC. */
export function deviceTime(now: Date): string {
  return `${deviceDate(now)} ${deviceTimeOfDay(now)}`;
}

/** `YYYY-MM-DD`. */
export function deviceDate(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** `HH:MM:SS`. */
export function deviceTimeOfDay(now: Date): string {
  return now.toISOString().slice(11, 19);
}
