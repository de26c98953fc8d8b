import { Argument, Command } from 'commander';
import { print } from '../output.ts';
import type { Values } from './words.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const HELP = `
Completes commands, flags, and the values of flags that are listed; files
elsewhere. For this shell alone:

  source <(rose-csi completion bash)
  source <(rose-csi completion zsh)      # after compinit
  rose-csi completion fish | source

For every shell to come:

  rose-csi completion bash > ~/.local/share/bash-completion/completions/rose-csi
  rose-csi completion zsh > "\${fpath[1]}/_rose-csi"
  rose-csi completion fish > ~/.config/fish/completions/rose-csi.fish
`;

/**
 * `rose-csi completion`: made from the commands themselves, so that it cannot fall behind them.
 *
 * @param values of flags whose names would make every other command heavier, loaded when they are needed
 */
export function completionCommand(values: () => Promise<Values>): Command {
  return new Command('completion')
    .description('Print the completion of commands and flags for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: (typeof SHELLS)[number], _flags: object, command: Command) => {
      const [{ places }, { bashCompletion }, { zshCompletion }, { fishCompletion }] = await Promise.all([
        import('./words.ts'),
        import('./bash.ts'),
        import('./zsh.ts'),
        import('./fish.ts'),
      ]);
      const all = places(command.parent ?? command, await values());
      print({ bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell](all));
    });
}
