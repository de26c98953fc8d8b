import type { Flag, Place } from './words.ts';

/** Completion for fish 3 and newer. */
export function fishCompletion(all: readonly Place[]): string {
  const commands = all.slice(1).map(({ path }) => `'${path}'`);
  const lines = all.flatMap(({ path, subcommands, flags, choices }) => {
    const here = `complete -c rose-csi -n '__rose_csi_at ${path}'`;
    return [
      ...subcommands.map(({ name, text }) => `${here} -a ${name} -d '${text}'`),
      ...(choices.length === 0 ? [] : [`${here} -a '${choices.join(' ')}'`]),
      ...flags.map((flag) => `${here} ${flagWords(flag)} -d '${flag.text}'`),
    ];
  });
  return `# fish completion for rose-csi; made by: rose-csi completion fish
function __rose_csi_at
    set -l at rose-csi
    set -l typed (commandline -opc)
    set -e typed[1]
    for word in $typed
        switch "$at $word"
            case ${commands.join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv"
end

complete -c rose-csi -f
${lines.join('\n')}
`;
}

function flagWords({ names, takesValue, choices }: Flag): string {
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (!takesValue) return forms.join(' ');
  return [...forms, choices.length === 0 ? '-r -F' : `-x -a '${choices.join(' ')}'`].join(' ');
}
