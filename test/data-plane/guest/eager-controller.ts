/** `rose-csi controller`, but it looks for snapshots without a copy every two seconds, on a machine that reads slowly and when an RDS is back, too. */
import { startController } from '../../../src/app/controller/controller.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createLogger } from '../../../src/observability/log.ts';

const [config = '', endpoint = ''] = process.argv.slice(2);
const running = await startController({
  config: await loadConfig(config),
  endpoint,
  logger: createLogger('info'),
  patience: { replication: { busyMs: 1000, idleMs: 2000, pauseTimes: 0 } },
});
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
