import { type ObjectRef, RdsError, shownName } from '../rds/index.ts';
import type { Backend } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';

/**
 * Why what was just made is not listed, as an error to throw: the RDS is not so far yet, or it shows it under another name than
 * the one that was sent (U19), which must not be taken for another object.
 */
export async function unlisted({ rds }: Backend, object: ObjectRef, id: string, call: Call): Promise<Error> {
  const shown = await rds.run(() => shownName(object), call);
  return shown === undefined
    ? new StorageError('DRV-PENDING', id, 'it was made, and is not listed')
    : new RdsError('RC-NAME', shown);
}
