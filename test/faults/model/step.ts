import { type Command, nameOf, objectsOf, type Source } from './commands.ts';
import { isOpen, type Outcome, type Reply } from './outcome.ts';
import { type Snapshot, type Volume, type World, withSnapshot, withVolume } from './world.ts';

/** What else a command met. */
export interface Circumstances {
  /** Nothing went wrong on purpose while it ran. */
  readonly calm: boolean;
  /** Whether another command of the same batch speaks of the object, so that the two may be seen in parts. */
  contested(object: string): boolean;
}

type Made<C extends Command['do']> = Extract<Command, { readonly do: C }>;
type Publication = Extract<Command, { readonly node: unknown }>;

/** Where the last byte of a place lies, in MiB; see `images.ts`. */
const endOfPlace = (place: number) => Math.max(1, place - 3);

/**
 * The worlds that a command can lead to when it ended this way; none when such an end cannot be right. A final error
 * changes nothing. An open outcome may have had all of its effect, none, or left the object partial.
 */
export function step(world: World, command: Command, outcome: Outcome, around: Circumstances): World[] {
  if (isOpen(outcome) && around.calm && !isHindered(world, command, around)) return [];
  switch (command.do) {
    case 'create':
      return create(world, command, outcome, around);
    case 'delete':
      return remove(world, command, outcome);
    case 'expand':
      return expand(world, command, outcome, around);
    case 'publish':
      return publish(world, command, outcome, around);
    case 'unpublish':
      return unpublish(world, command, outcome);
    case 'write':
      return write(world, command, outcome);
    case 'get':
      return read(world, outcome, command.volume, around);
    case 'look':
      return look(world, outcome, world.snapshots.get(command.snapshot), around.contested(`s${command.snapshot}`));
    case 'snapshot':
      return takeSnapshot(world, command, outcome, around);
    case 'drop':
      return drop(world, command, outcome);
    default:
      return outcome.code === 'OK' || isOpen(outcome) ? [world] : [];
  }
}

/** Whether something other than trouble may keep a command from its end: another command, or half an object. */
function isHindered(world: World, command: Command, around: Circumstances): boolean {
  const objects = objectsOf(command);
  const isHalf = (object: string) =>
    object.startsWith('v') && world.volumes.get(Number(object.slice(1)))?.open === true;
  // To complete or to remove half a volume must always be possible.
  const needed = command.do === 'create' || command.do === 'delete' ? objects.slice(1) : objects;
  return objects.some((object) => around.contested(object)) || needed.some(isHalf);
}

function create(world: World, command: Made<'create'>, outcome: Outcome, around: Circumstances): World[] {
  const { volume: number, mib: requested, from } = command;
  const there = world.volumes.get(number);
  const source = from === undefined ? undefined : nameOf(from);
  const tells = (mib: number | undefined) => tellsSize(outcome, mib, around.contested(`v${number}`));
  if (there !== undefined) {
    const isRepeat = there.requested === requested && there.source === source;
    if (isOpen(outcome)) return [world];
    if (outcome.code === 'ALREADY_EXISTS') return isRepeat ? [] : seen(world, number, around);
    if (outcome.code !== 'OK')
      return there.open && isRepeat && !around.calm ? [world, withVolume(world, number, undefined)] : [];
    const fits = isRepeat && outcome.reply.source === source && (there.open || tells(there.mib));
    return fits ? [withVolume(world, number, { ...there, mib: outcome.reply.mib, open: false })] : [];
  }
  const copied =
    from === undefined ? { mib: 0, least: 0, content: new Map(), sure: true } : sourceOf(world, from, around);
  const isSmall = copied !== undefined && requested > 0 && (copied.least === undefined || requested < copied.least);
  const mib = copied?.mib === undefined ? undefined : Math.max(requested, copied.mib);
  const made = {
    requested,
    source,
    mib,
    node: undefined,
    exported: false,
    content: copied?.content ?? new Map(),
    open: true,
  };
  switch (outcome.code) {
    case 'OK': {
      const isSame = outcome.reply.source === source && tells(mib);
      if (copied === undefined || (isSmall && copied.least !== undefined) || !isSame) return [];
      return [withVolume(world, number, { ...made, mib: outcome.reply.mib, open: false })];
    }
    case 'NOT_FOUND':
      return copied === undefined ? [world] : [];
    case 'OUT_OF_RANGE':
      return isSmall || (!around.calm && copied !== undefined) ? [world] : [];
    case 'FAILED_PRECONDITION':
      return copied !== undefined && (!copied.sure || !around.calm) ? [world] : [];
    default:
      if (!isOpen(outcome)) return [];
      return copied === undefined ? [world] : [world, withVolume(world, number, { ...made, mib: undefined })];
  }
}

/** What a command has seen partial may be rolled back afterwards, by the command of the same batch that was making it. */
function seen(world: World, number: number, around: Circumstances): World[] {
  const isBeingMade = world.volumes.get(number)?.open === true && around.contested(`v${number}`);
  return isBeingMade ? [world, withVolume(world, number, undefined)] : [world];
}

/** What a copy of the source has: MiB, the least that may be asked for, and whether the source is surely whole. */
function sourceOf(world: World, from: Source, around: Circumstances) {
  const contested = around.contested(nameOf(from));
  if ('snapshot' in from) {
    const snapshot = world.snapshots.get(from.snapshot);
    return snapshot && { mib: snapshot.imageMib, least: snapshot.mib, content: snapshot.content, sure: !contested };
  }
  const volume = world.volumes.get(from.volume);
  const mib = contested || volume?.open ? undefined : volume?.mib;
  return volume && { mib, least: mib, content: volume.content, sure: !contested && !volume.open };
}

function remove(world: World, { volume: number }: Made<'delete'>, outcome: Outcome): World[] {
  const volume = world.volumes.get(number);
  const gone = withVolume(world, number, undefined);
  const isPublished = volume?.node !== undefined;
  if (outcome.code === 'OK') return isPublished ? [] : [gone];
  if (outcome.code === 'FAILED_PRECONDITION') return isPublished ? [world] : [];
  if (!isOpen(outcome)) return [];
  return volume === undefined || isPublished
    ? [world]
    : [world, gone, withVolume(world, number, { ...volume, open: true })];
}

function expand(
  world: World,
  { volume: number, mib }: Made<'expand'>,
  outcome: Outcome,
  around: Circumstances,
): World[] {
  const volume = world.volumes.get(number);
  if (volume === undefined) return outcome.code === 'NOT_FOUND' || isOpen(outcome) ? [world] : [];
  // Half removed, it may be no more than a disk item.
  if (outcome.code === 'NOT_FOUND') return volume.open ? [world] : [];
  const size = volume.mib === undefined || volume.open ? undefined : Math.max(volume.mib, mib);
  const grown = withVolume(world, number, { ...volume, mib: size });
  if (outcome.code === 'OK') return same(outcome.reply.mib, size) && (outcome.reply.mib ?? 0) >= mib ? [grown] : [];
  if (isOpen(outcome)) return [world, grown];
  const isRefusal = outcome.code === 'OUT_OF_RANGE' || outcome.code === 'FAILED_PRECONDITION';
  return isRefusal && (!around.calm || volume.open) ? [world] : [];
}

function publish(world: World, command: Publication, outcome: Outcome, around: Circumstances): World[] {
  const volume = world.volumes.get(command.volume);
  if (volume === undefined) return outcome.code === 'NOT_FOUND' || isOpen(outcome) ? [world] : [];
  if (outcome.code === 'NOT_FOUND') return volume.open ? [world] : [];
  const isElsewhere = volume.node !== undefined && volume.node !== command.node;
  const claimed = withVolume(world, command.volume, { ...volume, node: command.node });
  const published = withVolume(world, command.volume, { ...volume, node: command.node, exported: true });
  if (outcome.code === 'OK') return isElsewhere ? [] : [published];
  if (outcome.code === 'FAILED_PRECONDITION') return isElsewhere || volume.open || !around.calm ? [world] : [];
  if (!isOpen(outcome)) return [];
  return isElsewhere ? [world] : [world, claimed, published];
}

function unpublish(world: World, command: Publication, outcome: Outcome): World[] {
  const volume = world.volumes.get(command.volume);
  const isThere = volume !== undefined && volume.node === command.node;
  const turnedOff = isThere ? withVolume(world, command.volume, { ...volume, exported: false }) : world;
  const taken = isThere ? withVolume(world, command.volume, { ...volume, node: undefined, exported: false }) : world;
  if (outcome.code === 'OK') return [taken];
  return isOpen(outcome) ? [world, turnedOff, taken] : [];
}

function write(world: World, { volume: number, place, seed }: Made<'write'>, { code }: Outcome): World[] {
  const volume = world.volumes.get(number);
  if (code === 'no-such-namespace' || code === 'not-exported') return volume?.exported ? [] : [world];
  if (!volume?.exported) return [];
  if (code === 'out-of-range') return volume.mib === undefined || endOfPlace(place) > volume.mib ? [world] : [];
  if (code !== 'OK') return [];
  return [withVolume(world, number, { ...volume, content: new Map(volume.content).set(place, seed) })];
}

function read(world: World, outcome: Outcome, number: number, around: Circumstances): World[] {
  const { code, reply } = outcome;
  const volume = world.volumes.get(number);
  if (code === 'NOT_FOUND') return volume === undefined || volume.open ? [world] : [];
  if (code !== 'OK') return isOpen(outcome) ? [world] : [];
  const isRight = volume !== undefined && (around.contested(`v${number}`) || tellsVolume(reply, volume));
  return isRight ? seen(world, number, around) : [];
}

function look(world: World, outcome: Outcome, snapshot: Snapshot | undefined, contested: boolean): World[] {
  const { code, reply } = outcome;
  if (code === 'NOT_FOUND') return snapshot === undefined ? [world] : [];
  if (code !== 'OK') return isOpen(outcome) ? [world] : [];
  return snapshot !== undefined && (contested || tellsSnapshot(reply, snapshot)) ? [world] : [];
}

/** Whether an answer says of a volume what is so. Of one that is partial no one can tell. */
export function tellsVolume(reply: Reply, volume: Volume): boolean {
  const node = volume.exported ? volume.node : undefined;
  const isSame = reply.mib === volume.mib && reply.source === volume.source && reply.node === node;
  return volume.open || isSame;
}

/** Whether an answer says of a snapshot what is so, and the same as every answer before. */
export function tellsSnapshot(reply: Reply, { mib, source, seconds }: Snapshot): boolean {
  return same(reply.mib, mib) && reply.source === source && same(reply.seconds, seconds);
}

function takeSnapshot(world: World, command: Made<'snapshot'>, outcome: Outcome, around: Circumstances): World[] {
  const { snapshot: number, volume: sourceNumber } = command;
  const source = `v${sourceNumber}`;
  const there = world.snapshots.get(number);
  if (there !== undefined) {
    const isRepeat = there.source === source;
    if (isOpen(outcome)) return [world];
    if (outcome.code === 'ALREADY_EXISTS') return isRepeat ? [] : [world];
    if (outcome.code !== 'OK' || !isRepeat || !tellsSnapshot(outcome.reply, there)) return [];
    const { mib = there.mib, seconds = there.seconds } = outcome.reply;
    return [withSnapshot(world, number, { ...there, mib, seconds })];
  }
  const volume = world.volumes.get(sourceNumber);
  if (volume === undefined) {
    const isRefused = outcome.code === 'NOT_FOUND' || (outcome.code === 'FAILED_PRECONDITION' && !around.calm);
    return isRefused || isOpen(outcome) ? [world] : [];
  }
  if (outcome.code === 'NOT_FOUND') return volume.open ? [world] : [];
  const mib = around.contested(source) || volume.open ? undefined : volume.mib;
  const made = { source, mib, imageMib: mib, seconds: undefined, content: volume.content };
  if (outcome.code === 'OK') {
    const { reply } = outcome;
    const fits = tellsSnapshot(reply, made);
    return fits ? [withSnapshot(world, number, { ...made, mib: reply.mib, seconds: reply.seconds })] : [];
  }
  if (isOpen(outcome)) return [world, withSnapshot(world, number, made)];
  return outcome.code === 'FAILED_PRECONDITION' && (volume.open || !around.calm) ? [world] : [];
}

function drop(
  world: World,
  { snapshot: number }: Exclude<Extract<Command, { readonly snapshot: unknown }>, { readonly do: 'snapshot' }>,
  outcome: Outcome,
): World[] {
  const gone = withSnapshot(world, number, undefined);
  if (outcome.code === 'OK') return [gone];
  return isOpen(outcome) ? [world, gone] : [];
}

/** Whether the size in the answer is right. It is read last, when another command may have grown the volume already. */
function tellsSize({ reply }: Outcome, mib: number | undefined, contested: boolean): boolean {
  return same(reply.mib, mib) || (contested && (reply.mib ?? 0) > (mib ?? 0));
}

/** Equal, or one of them is not known. */
function same<T>(one: T | undefined, other: T | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}
