import { CREATIONS } from './matrix/delayed/creations.ts';
import { delayedMatrix } from './matrix/delayed/run.ts';

delayedMatrix(CREATIONS);
