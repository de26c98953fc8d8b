export { type Clock, systemClock } from '../routeros/index.ts';
export { isRefusal, RdsError, type RdsErrorCode, type RefusalCode } from './errors.ts';
export {
  type Origin,
  parseSnapshotName,
  parseVolumeName,
  printSnapshotName,
  printVolumeName,
  type SnapshotName,
  slotOf,
  snapshotNamePrefix,
  type VolumeName,
} from './names.ts';
export type { Operation } from './operation.ts';
export type { ExpectedPool, ProbeReport } from './probe.ts';
export { type Asking, Rds, type RdsCall, type RdsSettings } from './rds.ts';
export { type Mode, type Publication, randomDigits } from './record.ts';
export type { ObjectRef, Pool, SnapshotRef, VolumeRef } from './refs.ts';
export type {
  DiskRow,
  ListedObject,
  ListedPage,
  LostItem,
  ObjectState,
  PoolContents,
  PoolSpace,
  SubvolumeRow,
} from './rows.ts';
export { type CreateVolume, createVolume } from './scripts/create-volume.ts';
export { poolContents, poolSpace, probeRds as probeBox } from './scripts/device.ts';
export { listSnapshots, listVolumes, type PageOf } from './scripts/lists.ts';
export { listLostItems } from './scripts/lost-items.ts';
export { discardEmptySubvolume, discardLostItem } from './scripts/partial-volume.ts';
export { claimVolume, exportVolume, unpublishVolume } from './scripts/publication.ts';
export { deleteCopy, discardHalfReceived, readReceived } from './scripts/received.ts';
export {
  type CreateSnapshot,
  createSnapshot,
  deleteSnapshot,
  readSnapshot,
  removeDuplicate as discardTwin,
} from './scripts/snapshots.ts';
export { listTransfers, receiveIn, removeTransfer, type Sent, startTransfer } from './scripts/transfers.ts';
export {
  attachVolume,
  deleteVolume,
  discardVolume,
  expandVolume,
  readDisk,
  readSizedDisk,
  readVolume,
} from './scripts/volume.ts';
export { shownName } from './scripts/whereabouts.ts';
export type { ReplicaTarget, TransferRow } from './transfers.ts';
