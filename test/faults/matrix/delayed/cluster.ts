import assert from 'node:assert/strict';
import { MiB, node, snapshotName, volumeName } from '../../../support/calls.ts';
import { pattern, write } from '../../../support/images.ts';
import { filesystem, fromSnapshot, volumeRequest } from '../../../support/requests.ts';
import type { Stack } from '../../../support/stack.ts';
import { retryUntilAnswered } from '../arena.ts';
import { loseItem, padded } from '../scenarios.ts';
import { Proof } from './proof.ts';
import type { ControllerClient, Snapshot, Volume } from './told.ts';

/** Bytes that are written at one time. */
const WRITTEN = 64 * 1024;

/** By how much a volume is grown. */
const GROWTH = 4n * MiB;

/**
 * What answers said to a cluster about its volumes under an OK, and the calls that its sidecars make: each is repeated until it is
 * answered, and none may end their attempts.
 */
export class Cluster {
  readonly stack: Stack;
  /** The process that serves the calls from now on. */
  controller: ControllerClient;
  /** Another one. */
  readonly other: ControllerClient;
  /** How volumes are used. */
  readonly capability: typeof filesystem;
  readonly #volumes: Volume[] = [];
  readonly #snapshots: Snapshot[] = [];
  #subject: { readonly volume?: Volume; readonly snapshot?: Snapshot } = {};
  #writes = 0;

  constructor(
    stack: Stack,
    { controller, other }: Readonly<Record<'controller' | 'other', ControllerClient>>,
    capability = filesystem,
  ) {
    this.stack = stack;
    this.controller = controller;
    this.other = other;
    this.capability = capability;
  }

  /** Says what the calls are about. */
  about(subject: { readonly volume?: Volume; readonly snapshot?: Snapshot }): void {
    this.#subject = { ...this.#subject, ...subject };
  }

  /** The volume that the calls are about. */
  get volume(): Volume {
    return this.#subject.volume ?? assert.fail('it is about no volume');
  }

  /** The snapshot that the calls are about. */
  get snapshot(): Snapshot {
    return this.#subject.snapshot ?? assert.fail('it is about no snapshot');
  }

  /** A volume that is yet to be made. */
  plan(bytes: bigint, content: Buffer = Buffer.alloc(0), source: Parameters<typeof volumeRequest>[2] = {}): Volume {
    const request = volumeRequest(volumeName(), bytes, { ...source, volumeCapabilities: [this.capability] });
    const volume: Volume = {
      id: `rds1:${request.name}`,
      request,
      content: padded(content, bytes),
      standing: 'gone',
      bytes: Buffer.alloc(0),
      mayBeLarger: false,
      isItemLost: false,
      nodes: new Map(),
      open: new Set(),
    };
    this.#volumes.push(volume);
    return volume;
  }

  /** A volume with bytes in it, which came to be without trouble. */
  async own(bytes: bigint = MiB): Promise<Volume> {
    const volume = this.plan(bytes);
    await this.create(volume);
    await write(this.stack, volume.id, 0, volume.bytes.fill(pattern(volume.id, WRITTEN), 0, WRITTEN));
    return volume;
  }

  /** A snapshot that is yet to be taken. */
  planSnapshot(volume = this.volume): Snapshot {
    const request = { name: snapshotName(), sourceVolumeId: volume.id };
    const snapshot: Snapshot = { id: `rds1:${request.name}`, request, standing: 'gone', bytes: Buffer.alloc(0) };
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  /** @param through the process that serves the call */
  async create(volume = this.volume, request = volume.request, through = this.controller): Promise<void> {
    const { reply } = await retryUntilAnswered(() => through.createVolume(request));
    assert.equal(reply.volume?.volumeId, volume.id);
    assert.equal(reply.volume.capacityBytes, request.capacityRange?.requiredBytes, 'the size that was asked for');
    this.created(volume, reply.volume.capacityBytes);
  }

  /** It was told to be there, as it was asked for. */
  created(volume = this.volume, bytes = BigInt(volume.content.length)): void {
    volume.standing = 'there';
    volume.bytes = Buffer.from(volume.content.subarray(0, Number(bytes)));
    volume.mayBeLarger = false;
    volume.isItemLost = false;
  }

  /** Its disk item goes, as by a reset of the router. */
  async loseItem(volume = this.volume): Promise<void> {
    await loseItem(this.stack, volume.id);
    volume.isItemLost = true;
  }

  async delete(volume = this.volume): Promise<void> {
    await this.#ask((controller) => controller.deleteVolume({ volumeId: volume.id }));
    volume.standing = 'gone';
  }

  async publish(number: number, volume = this.volume): Promise<void> {
    const { publishContext } = await this.#ask((controller) => this.publication(number, volume)(controller));
    this.published(number, publishContext, volume);
  }

  /** The call that takes it to a node. */
  publication(number: number, { id }: Volume = this.volume) {
    const request = { volumeId: id, nodeId: node(number), volumeCapability: this.capability };
    return (controller: ControllerClient) => controller.controllerPublishVolume(request);
  }

  /** It was told to be on a node; one that has it keeps the NQN that it is connected with. */
  published(number: number, { nqn = '' }: Readonly<Record<string, string>>, volume = this.volume): void {
    assert.equal(nqn, volume.nodes.get(node(number)) ?? nqn, 'a node that has it is led to the same place');
    volume.nodes.set(node(number), nqn);
    volume.open.delete(node(number));
  }

  async unpublish(number: number, volume = this.volume): Promise<void> {
    await this.#unpublish(volume, node(number));
  }

  /** Writes as a node that has it does, other bytes each time. */
  async write(volume = this.volume, offset = 0): Promise<void> {
    const [nqn = assert.fail('no one has it')] = volume.nodes.values();
    this.#writes += 1;
    const bytes = pattern(`write ${this.#writes}`, WRITTEN);
    await this.stack.api.write(nqn, offset, bytes);
    bytes.copy(volume.bytes, offset);
  }

  /** Grows it; a node that has it writes into what came to it. */
  async expand(volume = this.volume): Promise<void> {
    const before = volume.bytes.length;
    const requiredBytes = BigInt(before) + GROWTH;
    const request = { volumeId: volume.id, capacityRange: { requiredBytes } };
    const { capacityBytes } = await this.#ask((controller) => controller.controllerExpandVolume(request));
    assert.equal(capacityBytes, requiredBytes);
    this.expanded(requiredBytes, volume);
    if (volume.nodes.size > 0) await this.write(volume, before);
  }

  /** It was told to have so many bytes. */
  expanded(bytes: bigint, volume = this.volume): void {
    volume.bytes = padded(volume.bytes, bytes);
    volume.mayBeLarger = false;
  }

  async takeSnapshot(snapshot = this.snapshot): Promise<void> {
    const { snapshot: reply } = await this.#ask((controller) => controller.createSnapshot(snapshot.request));
    assert.equal(reply?.sourceVolumeId, snapshot.request.sourceVolumeId);
    this.snapshotTaken(snapshot);
  }

  /** It was told to be there, with the bytes that its source has. */
  snapshotTaken(snapshot = this.snapshot): void {
    const source = this.#volumes.find(({ id }) => id === snapshot.request.sourceVolumeId);
    snapshot.standing = 'there';
    snapshot.bytes = Buffer.from(source?.bytes ?? assert.fail('the source is one of ours'));
  }

  async deleteSnapshot(snapshot = this.snapshot): Promise<void> {
    await this.#ask((controller) => controller.deleteSnapshot({ snapshotId: snapshot.id }));
    snapshot.standing = 'gone';
  }

  /** Restores the snapshot to a new volume. */
  async restore({ id, bytes }: Snapshot = this.snapshot): Promise<void> {
    await this.create(this.plan(BigInt(bytes.length), bytes, fromSnapshot(id)));
  }

  /** Holds the RDS against all that was answered. */
  async prove(isExact: boolean): Promise<Proof> {
    const proof = new Proof(this.stack, this.controller, isExact);
    for (const volume of this.#volumes) await proof.ofVolume(volume);
    for (const snapshot of this.#snapshots) proof.ofSnapshot(snapshot);
    return proof;
  }

  /** Rolls back all that is there or may be, as the sidecars do. */
  async bringDown(): Promise<void> {
    for (const volume of this.#volumes) {
      for (const nodeId of new Set([...volume.nodes.keys(), ...volume.open])) await this.#unpublish(volume, nodeId);
      if (volume.standing !== 'gone') await this.delete(volume);
    }
    for (const snapshot of this.#snapshots) if (snapshot.standing !== 'gone') await this.deleteSnapshot(snapshot);
  }

  async #unpublish(volume: Volume, nodeId: string): Promise<void> {
    await this.#ask((controller) => controller.controllerUnpublishVolume({ volumeId: volume.id, nodeId }));
    volume.nodes.delete(nodeId);
    volume.open.delete(nodeId);
  }

  async #ask<T>(call: (controller: ControllerClient) => Promise<T>): Promise<T> {
    return (await retryUntilAnswered(() => call(this.controller))).reply;
  }
}
