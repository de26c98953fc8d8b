/**
 * What the page shows, as the JSON that the server sends it. Sizes are bytes, times are milliseconds since the epoch; what is
 * not known is left out. Nothing in it is a secret, and every text in it may be someone else's. The form only ever grows.
 */
export interface Scene {
  /** Of rose-csi. */
  readonly version: string;
  readonly driver: string;
  /** The configuration file, as the commands that are shown name it. */
  readonly configFile: string;
  readonly backends: readonly BackendScene[];
  /** Pools whose snapshots are copied to another RDS; left out where none are. */
  readonly pairs?: readonly PairScene[];
  readonly cluster: ClusterScene;
  /** How many objects seem to lack something, which one look may find while a call is at work; left out for none. */
  readonly lookedAtAgain?: number;
  /** The lineage from top to bottom: below each object, a level deeper, what came from it. */
  readonly rows: readonly Row[];
  /** What needs a look, the most urgent first. */
  readonly matters: readonly Matter[];
  /** The newest first. */
  readonly failures: readonly FailureScene[];
}

/** An RDS. What it last reported stays while it does not answer, and `readAt` says of when that is. */
export interface BackendScene {
  readonly name: string;
  /** Whether the last attempt to read it succeeded. */
  readonly answers: boolean;
  /** Of RouterOS. */
  readonly routerOs?: string;
  /** When everything on it was last read, if that was before it was lost; left out while it answers. */
  readonly readAt?: number;
  /** Since when it could not be read. */
  readonly lostAt?: number;
  /** What is not as it should be. */
  readonly conditions: readonly Condition[];
  readonly pools: readonly PoolScene[];
}

export interface PoolScene {
  readonly label: string;
  readonly size: number;
  readonly free: number;
  /** What the configuration says must stay free. */
  readonly reserve: number;
  /** Sum of the sizes of all images, whoever owns them. */
  readonly promised: number;
  readonly volumes: number;
  readonly snapshots: number;
}

/** A pool and the pool on another RDS that has copies of its snapshots. What is about copies is of when both were last read. */
export interface PairScene {
  readonly from: PlaceScene;
  readonly to: PlaceScene;
  /** Snapshots that have a copy. */
  readonly copies: number;
  /** Snapshots without one; left out while the RDS of the copies does not answer. */
  readonly missing?: number;
  /** When the oldest of those was taken: how far the copies lag behind. */
  readonly oldestMissing?: number;
  /** When the newest snapshot that has a copy was taken. */
  readonly newestCopy?: number;
  /** Copies whose originals are gone. */
  readonly alone: number;
  /** What is half-received, and no transfer names. */
  readonly halfReceived: number;
  /** What is being sent; left out for nothing, and when that is not known. */
  readonly sending?: SendingScene;
  /** Why it is not known what is being sent, in one sentence. */
  readonly unread?: string;
}

export interface PlaceScene {
  readonly backend: string;
  readonly pool: string;
  /** False while what is said of it is what it last reported. */
  readonly answers: boolean;
}

export interface SendingScene {
  /** Id of the snapshot; its name for one that is not there any more. */
  readonly id: string;
  /** Bytes so far, as the RDS counts them. */
  readonly bytes: number;
  /** In the words of the RDS; may be empty. */
  readonly status: string;
  /** It has not moved for two minutes. */
  readonly still?: true;
}

/** Something about an object that is not as it should be. */
export interface Condition {
  /** One of docs/errors.md or docs/health.md; left out for what is neither. */
  readonly code?: string;
  /** One sentence without a full stop. */
  readonly says: string;
  /** What to do about it; left out where nothing is to be done. */
  readonly remedy?: string;
}

/** Whether Kubernetes was asked, and what came of it. */
export type ClusterScene =
  | { readonly is: 'asked'; readonly unseen: readonly string[] }
  | { readonly is: 'off' }
  | { readonly is: 'unseen'; readonly because: string };

/**
 * A volume, a snapshot, or a source that is no longer there; or the copy of a snapshot on a replica, where that is all that is
 * left of it, or something was made from the copy.
 */
export interface Row {
  readonly kind: 'volume' | 'snapshot' | 'copy' | 'gone';
  /** As on the backends: `<backend>:pvc-<uuid>` or `<backend>:snap-<uuid>`. */
  readonly id: string;
  /** How deep in the tree; 0 at the top. */
  readonly level: number;
  /** The claim of a volume, the VolumeSnapshot of a snapshot. */
  readonly namespace?: string;
  readonly name?: string;
  /** The PersistentVolume or VolumeSnapshotContent. */
  readonly object?: string;
  readonly pool?: string;
  readonly size?: number;
  /** When a snapshot was taken. */
  readonly takenAt?: number;
  /** Nodes that a volume is published to; the node id of one that the cluster does not know. */
  readonly nodes?: readonly string[];
  /** Nothing in Kubernetes refers to it. */
  readonly orphan?: true;
  /** The part that a partial volume lacks. */
  readonly lacks?: string;
  /** Owner in its name, when that is not this cluster. */
  readonly adopted?: string;
  /** Subvolumes of the same id that lost a race. */
  readonly duplicates?: readonly string[];
  /** What bears its name elsewhere and is no object. */
  readonly copies?: readonly CopyScene[];
  /** Why a snapshot has no copy, though its pool has a replica. */
  readonly uncopied?: 'missing' | 'sending' | 'half-received' | 'taken' | 'unknown';
  /** When a copy came, in the words and the time zone of its RDS. */
  readonly received?: string;
  /** The original of a copy: its id, or why there is none to name. */
  readonly original?: { readonly is: 'there'; readonly id: string } | { readonly is: 'gone' | 'unseen' };
  /** A copy that Kubernetes refers to where it is. */
  readonly referred?: true;
}

export interface CopyScene {
  /** What it is, in words. */
  readonly what: string;
  readonly backend: string;
  readonly pool: string;
  readonly takenAt?: number;
  /** Of a whole copy of a snapshot on a replica: the id that it has there. */
  readonly id?: string;
  /** When it came, in the words and the time zone of its RDS. */
  readonly received?: string;
}

/** Something that needs a look. */
export interface Matter {
  /** `act`: goes on only when someone does something; `look`: someone should decide. */
  readonly urgency: 'act' | 'look';
  /** One sentence. */
  readonly says: string;
  /** What to do, in a sentence or two. */
  readonly remedy?: string;
  readonly code?: string;
  /** Ids of the rows that it is about; at most {@link MOST_IDS}. */
  readonly ids?: readonly string[];
  /** The claim or VolumeSnapshot that it is about, as `why` takes it. */
  readonly subject?: Subject;
  /** Commands to go on with. */
  readonly commands: readonly string[];
}

/** A claim or VolumeSnapshot. */
export interface Subject {
  readonly kind: 'pvc' | 'vs';
  readonly namespace: string;
  readonly name: string;
}

/** Ids of a matter at most: more are no easier to read. */
export const MOST_IDS = 20;

/** A failure, or something that is not well, that Kubernetes has an Event of. */
export interface FailureScene {
  readonly at: number;
  /** How often it was reported. */
  readonly count: number;
  /** Kind and name of what it is about. */
  readonly about: string;
  readonly subject?: Subject;
  readonly code: string;
  /** What is so, in one sentence without a full stop. */
  readonly says: string;
  readonly remedy: string;
  /** The words of the Event. */
  readonly message: string;
}

/** The answer of `rose-csi why`, as its `--json` prints it. */
export interface WhyScene {
  readonly result: 'fine' | 'waiting' | 'stuck' | 'unknown';
  readonly chain: readonly {
    readonly what: string;
    readonly how: string;
    readonly state: 'fine' | 'waiting' | 'stuck' | 'unknown';
  }[];
  readonly findings: readonly {
    readonly state: 'stuck' | 'waiting' | 'unknown';
    readonly what: string;
    readonly why: string;
    readonly message?: string;
    readonly next: string;
    readonly command?: string;
  }[];
  readonly notSeen: readonly string[];
}
