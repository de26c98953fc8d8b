import { STRICT_TRANSFERS, type TransferBehavior } from './transfer/behavior.ts';

/** How the device behaves where no one knows what a real one does. */
export interface DeviceBehavior extends TransferBehavior {
  /**
   * What `/disk add file-size=` does to a file that exists (U4): nothing but fail; give it this length, cutting it off or
   * lengthening it; the same with all of it zeroed; or attach it as it is.
   */
  readonly fileSizeOfExisting: 'refused' | 'resized' | 'zeroed' | 'ignored';
  /** Whether `/disk set file-size=` cuts a file off when it is smaller (U3); else it is refused. */
  readonly shrinks: boolean;
  /** Characters that a slot may have (U6); 32 on 7.24, 40 on an earlier version (docs/routeros.md, 4.4). */
  readonly longestSlot: number;
  /** Whether an image takes all of its space when it is made or grown (U5). */
  readonly preallocates: boolean;
  /** Whether a subvolume whose file a disk item uses can be removed (U9). */
  readonly removesUsed: boolean;
  /** How long a removed subvolume stays listed as `dead`, in ms (U9). */
  readonly removalMs: number;
  /** How far the time of day is ahead, in ms. */
  readonly clockAheadMs: number;
  /** What uptime is a multiple of, in ms (U26). */
  readonly uptimeStepMs: number;
}

/** The answer that is harder on whoever drives the device. */
export const STRICT_BEHAVIOR: DeviceBehavior = {
  fileSizeOfExisting: 'refused',
  shrinks: false,
  longestSlot: 32,
  preallocates: false,
  removesUsed: false,
  removalMs: 0,
  clockAheadMs: 0,
  uptimeStepMs: 1000,
  ...STRICT_TRANSFERS,
};
