export { type Call, type Clock, systemClock } from '../routeros/index.ts';
export { RdsError, type RdsErrorCode } from './errors.ts';
export {
  idIn,
  type Origin,
  parseName,
  parseSnapshotName,
  parseVolumeName,
  printSnapshotName,
  printVolumeName,
  type SnapshotName,
  slotOf,
  snapshotNamePrefix,
  type VolumeName,
} from './names.ts';

export {
  type ExpectedPool,
  isStoragePackage,
  isSupported,
  LANGUAGE_FACTS,
  languageProblems,
  mountPointOf,
  type ProbeReport,
  poolProblem,
} from './probe.ts';
export { type Asking, type ChosenSubvolume, Rds, type RdsSettings } from './rds.ts';
export { HEADER as RECORD_HEADER, type Mode, randomDigits } from './record.ts';
export type { HostId, ObjectRef, SnapshotRef, VolumeRef } from './refs.ts';
export {
  type DiskRow,
  type ErrorCounters,
  isLonger,
  type ListedObject,
  type ListedPage,
  type LostItem,
  type ObjectState,
  objectOf,
  type PoolContents,
  type PoolHealthFacts,
  type PoolSpace,
  type Rival,
  type SubvolumeRow,
} from './rows.ts';
export { type CreateVolume, createVolume } from './scripts/create-volume.ts';
export { poolContents, poolSpace, probeRds } from './scripts/device.ts';
export { listSnapshots, listVolumes, type PageOf } from './scripts/lists.ts';
export { IS_COPY } from './scripts/lookup.ts';
export { listLostItems } from './scripts/lost-items.ts';
export { discardEmptySubvolume, discardLostItem } from './scripts/partial-volume.ts';
export { claimVolume, exportVolume, unpublishVolume } from './scripts/publication.ts';
export { deleteCopy, discardHalfReceived, readReceived } from './scripts/received.ts';
export {
  type CreateSnapshot,
  createSnapshot,
  deleteSnapshot,
  readSnapshot,
  removeDuplicate,
} from './scripts/snapshots.ts';
export { listTransfers, receiveIn, removeTransfer, startTransfer } from './scripts/transfers.ts';
export {
  attachVolume,
  deleteVolume,
  discardVolume,
  expandVolume,
  readCutOff,
  readDisk,
  readSizedDisk,
  readVolume,
} from './scripts/volume.ts';
export { choose, namesake, shownName } from './scripts/whereabouts.ts';
export type { ReplicaTarget, TransferRow } from './transfers.ts';
