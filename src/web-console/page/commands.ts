import { shellQuoted } from '../../cli/shell-quoted.ts';
import type { Row, Subject } from '../scene.ts';

/** A command to type, and what it does. */
export interface Command {
  readonly does: string;
  readonly text: string;
}

/** The claim or VolumeSnapshot of a row, as `why` takes it; undefined for what has none. */
export function subjectOf({ kind, namespace, name, referred }: Row): Subject | undefined {
  // What a copy is called by its original's name is no object of its own, unless it was adopted.
  if (kind === 'copy' && referred !== true) return undefined;
  if (kind === 'gone' || namespace === undefined || name === undefined) return undefined;
  return { kind: kind === 'volume' ? 'pvc' : 'vs', namespace, name };
}

/** The commands to go on with. @param configFile as they name the configuration */
export function commandsFor(row: Row, configFile: string): Command[] {
  const config = `--config ${shellQuoted(configFile)}`;
  const id = shellQuoted(row.id);
  const subject = subjectOf(row);
  if (row.kind === 'copy')
    return [...(subject === undefined ? [] : ofSubject(subject, config)), ...ofCopy(row, config, id)];
  return [
    ...(subject === undefined ? [] : ofSubject(subject, config)),
    ...(row.uncopied === undefined
      ? []
      : [{ does: 'How far the copies of its pool are', text: `rose-csi replicas status ${config}` }]),
    { does: 'What it came from, and what came from it', text: `rose-csi snapshots ls ${config} --volume ${id}` },
    ...(row.orphan === true
      ? [
          { does: 'Print what brings it back into Kubernetes', text: `rose-csi orphans adopt ${config} ${id}` },
          { does: 'Delete it for good, after asking', text: `rose-csi orphans delete ${config} ${id}` },
        ]
      : []),
  ];
}

/** One whose original is there is restored by way of that. */
function ofCopy({ original, referred }: Row, config: string, id: string): Command[] {
  return [
    ...(original?.is === 'there' || referred === true
      ? []
      : [{ does: 'Print what brings it into Kubernetes', text: `rose-csi replicas adopt ${config} ${id}` }]),
    { does: 'All snapshots with their copies', text: `rose-csi replicas ls ${config}` },
  ];
}

function ofSubject({ kind, namespace, name }: Subject, config: string): Command[] {
  const [of, object] = [shellQuoted(name), shellQuoted(`${kind}/${name}`)];
  const inNamespace = `-n ${shellQuoted(namespace)}`;
  const kubernetes = kind === 'pvc' ? 'persistentvolumeclaim' : 'volumesnapshot';
  return [
    { does: 'Walk the chain to the RDS', text: `rose-csi why ${object} ${inNamespace} ${config}` },
    { does: 'What Kubernetes says of it', text: `kubectl describe ${kubernetes} ${of} ${inNamespace}` },
  ];
}
