import { destination, type Logger, pino } from 'pino';

/**
 * The process's logger: JSON lines on standard error, so that standard output stays free for results. Nothing secret is
 * handed to it; the paths below are a second fence, should a configuration object ever be logged whole.
 */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.privateKey', '*.secrets', 'secrets', 'privateKey'], censor: '[secret]' },
    },
    destination({ dest: 2, sync: true }),
  );
}
