import { type Place, valueCases } from './words.ts';

/** Completion for zsh, to be sourced or to stand in `fpath` as `_rose-csi`. */
export function zshCompletion(all: readonly Place[]): string {
  const commands = all.slice(1).map(({ path }) => `'${path}'`);
  const values = valueCases(all, valuesOf);
  const words = all.map(({ path, subcommands, flags }) => {
    const known = [
      ...subcommands.map(({ name, text }) => `'${name}:${text}'`),
      ...flags.flatMap(({ names, text }) => names.map((name) => `'${name}:${text}'`)),
    ];
    return `    '${path}') known=(${known.join(' ')}) ;;`;
  });
  return `#compdef rose-csi
# zsh completion for rose-csi; made by: rose-csi completion zsh
_rose-csi() {
  local at=rose-csi last= word
  local -a known
  for word in "\${(@)words[2,CURRENT-1]}"; do
    last=$word
    case "$at $word" in
      ${commands.join(' | ')}) at="$at $word" last= ;;
    esac
  done
  # Of --flag=value, the value is completed.
  if [[ $words[CURRENT] == --*=* ]]; then
    last=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  case "$at\${last:+ $last}" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  _describe 'rose-csi' known
}

if [[ "$funcstack[1]" == _rose-csi ]]; then
  _rose-csi "$@"
else
  compdef _rose-csi rose-csi
fi
`;
}

function valuesOf(known: readonly string[]): string {
  return known.length === 0 ? '_files' : `compadd -- ${known.join(' ')}`;
}
