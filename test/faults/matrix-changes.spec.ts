import { faultMatrix } from './matrix/run.ts';

faultMatrix(({ name }) => !name.startsWith('CreateVolume'));
