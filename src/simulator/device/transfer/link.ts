import type { ConsoleHooks } from '../../console/hooks.ts';

/** What a sender says before it sends anything. */
export interface ReceiveRequest {
  /** The backend that the stream is of. */
  readonly backend: string;
  /** `ssh-receive-mount`, as it was given. */
  readonly mount: string;
  /** Last part of the name of what is sent. */
  readonly name: string;
  /** By which a copy of it is known. */
  readonly uuid: string;
  /** The same of what the stream is incremental to. */
  readonly parentUuid?: string | undefined;
  /** Texts of files made by `/file add contents=`, by their paths in the subvolume. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Where and how to log in. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private keys in PEM, in the order in which they are tried. */
  readonly keys: readonly string[];
  /** The only host key that is taken, in base64; undefined for any. */
  readonly hostKey: string | undefined;
}

/** A login to another RDS that is ready to receive. */
export interface Link {
  /** Of the other RDS, in base64. */
  readonly hostKey: string;
  /**
   * Hands on one piece, no faster than it is taken.
   *
   * @throws DeviceFailure with the words of the other RDS when it gave up, or that the connection was lost.
   */
  send(piece: Uint8Array): Promise<void>;
  /** There are no more pieces. */
  end(): Promise<void>;
  /** Waits until the other RDS is content with what it got so far. Throws as {@link send} does. */
  answer(): Promise<void>;
  close(): void;
}

/**
 * Logs in to another RDS.
 *
 * @param signal closes the link, also one that is open.
 * @throws DeviceFailure when that does not work.
 */
type Dial = (target: Target, signal: AbortSignal) => Promise<Link>;

/** What transfers need from around the device. */
export interface Network {
  readonly dial: Dial;
  /** Watches each piece, as it watches the commands of scripts. */
  readonly hooks: ConsoleHooks;
}
