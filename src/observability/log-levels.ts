/** What may be logged, from least to most; `debug` shows each command on an RDS and each program on a node. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
