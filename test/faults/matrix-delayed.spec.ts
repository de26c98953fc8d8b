import { NODE_CALLS } from './matrix/delayed/node-calls.ts';
import { delayedMatrix } from './matrix/delayed/run.ts';
import { SNAPSHOT_CALLS } from './matrix/delayed/snapshot-calls.ts';
import { VOLUME_CALLS } from './matrix/delayed/volume-calls.ts';

delayedMatrix([...VOLUME_CALLS, ...NODE_CALLS, ...SNAPSHOT_CALLS]);
