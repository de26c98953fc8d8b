export { RdsError, type RdsErrorCode, REFUSALS, type RefusalCode } from './errors.ts';
export type { ExpectedPool, ProbeReport } from './probe.ts';
export { freshComment, type Mode, type Publication } from './publication.ts';
export { Rds, type RdsCall, type RdsSettings } from './rds.ts';
export type { SnapshotRef, VolumeRef } from './refs.ts';
export type { DiskRow, ListedObject, ListedPage, LostItem, ObjectState, PoolSpace } from './rows.ts';
