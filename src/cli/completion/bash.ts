import { type Place, valueCases } from './words.ts';

/** Completion for bash 4 and newer. Where no words are known, such as behind `--config`, it completes files. */
export function bashCompletion(all: readonly Place[]): string {
  const commands = all.slice(1).map(({ path }) => `'${path}'`);
  const values = valueCases(all, (known) => `_rose_csi_words '${known.join(' ')}'`);
  const words = all.map(({ path, subcommands, flags }) => {
    const known = [...subcommands.map(({ name }) => name), ...flags.flatMap(({ names }) => names)];
    return `    '${path}') _rose_csi_words '${known.join(' ')}' ;;`;
  });
  return `# bash completion for rose-csi; made by: rose-csi completion bash
_rose_csi_words() {
  local typed=\${COMP_WORDS[COMP_CWORD]}
  [ "$typed" = = ] && typed=
  COMPREPLY=($(compgen -W "$1" -- "$typed"))
}

_rose_csi() {
  local at=rose-csi word last=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # A shell takes --flag=value apart.
    [ "$word" = = ] || last=$word
    case "$at $word" in
      ${commands.join(' | ')}) at="$at $word" last= ;;
    esac
  done
  case "$at\${last:+ $last}" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
}

complete -o default -F _rose_csi rose-csi
`;
}
