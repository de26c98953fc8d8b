/** How scenarios end, by their names. */
type Outcomes = Readonly<Record<string, string>>;

const EMPTY = ['CreateVolume'];
const COPIES = ['CreateVolume from a snapshot', 'CreateVolume from a snapshot, larger', 'CreateVolume from a volume'];
const GROWTH = ['ControllerExpandVolume'];
const DELETIONS = ['DeleteVolume', 'DeleteVolume, disk item lost'];
const REATTACHED = ['ControllerPublishVolume, disk item lost'];
const PUBLICATIONS = ['ControllerPublishVolume', ...REATTACHED];
const UNPUBLICATION = ['ControllerUnpublishVolume'];
const SNAPSHOT_REATTACHED = ['CreateSnapshot, disk item lost'];
const SNAPSHOTS = ['CreateSnapshot', ...SNAPSHOT_REATTACHED];
const SNAPSHOT_DELETION = ['DeleteSnapshot'];
/** Of those that change something, but the end of a publication. */
const MOST = [EMPTY, COPIES, DELETIONS, GROWTH, PUBLICATIONS, SNAPSHOTS].flat();
const ALL = [MOST, UNPUBLICATION, SNAPSHOT_DELETION].flat();

function ending(code: string, ...scenarios: readonly (readonly string[])[]): Outcomes {
  return Object.fromEntries(scenarios.flat().map((scenario) => [scenario, code]));
}

/** No disk item can be added. */
const NO_ITEM = {
  ...ending('UNAVAILABLE', EMPTY, COPIES, REATTACHED),
  ...ending('FAILED_PRECONDITION', SNAPSHOT_REATTACHED),
};
/** Nothing can be made from a source. */
const NO_COPY = { ...ending('UNAVAILABLE', COPIES), ...ending('FAILED_PRECONDITION', SNAPSHOTS) };

/** By quirk and scenario: the code that ends an attempt and its retry while the RDS is so. What is not here works. */
export const REFUSED: Readonly<Record<string, Outcomes>> = {
  'growth-refused': ending('OUT_OF_RANGE', ['CreateVolume from a snapshot, larger'], GROWTH),
  'growth-ignored': ending('ABORTED', ['CreateVolume from a snapshot, larger'], GROWTH),
  'slot-limit-24': NO_ITEM,
  'slot-without-dashes': NO_ITEM,
  'parent-takes-id': NO_COPY,
  'removal-busy-at-first': ending('UNAVAILABLE', ['DeleteVolume']),
  'command-limit-2048': ending('FAILED_PRECONDITION', MOST, UNPUBLICATION),
  'no-intervals': ending('UNAVAILABLE', MOST, SNAPSHOT_DELETION),
  'comment-limit-64': ending('UNAVAILABLE', PUBLICATIONS),
  'two-filesystems-one-label': ending('UNAVAILABLE', MOST, SNAPSHOT_DELETION),
  'name-limit-64': { ...NO_COPY, ...ending('UNAVAILABLE', EMPTY) },
  'parent-limit-64': NO_COPY,
  'size-late-5s': {
    ...ending('ABORTED', COPIES, REATTACHED),
    ...ending('FAILED_PRECONDITION', SNAPSHOT_REATTACHED),
  },
  'old-version': ending('FAILED_PRECONDITION', ALL),
  'no-rose-package': ending('FAILED_PRECONDITION', ALL),
  'read-only-user': {
    ...ending('UNAVAILABLE', ALL),
    ...ending('FAILED_PRECONDITION', SNAPSHOTS),
    ...ending('OUT_OF_RANGE', GROWTH),
  },
};

/**
 * Backends on which no volume can be made, and on which the driver does not recognise what bears the name that it sent:
 * the driver does not touch it, since it cannot prove that it is its own. `rose-csi doctor --write` shows it beforehand.
 */
export const STAYS: Readonly<Record<string, string>> = {
  'slot-upper-case': 'the disk item has another slot',
  'name-is-path': 'the subvolume has another name',
  'name-cut-at-64': 'the subvolume has another name',
  'name-dashes-replaced': 'the subvolume has another name',
};
