import { DeviceFailure } from './menu.ts';

/**
 * The line does not parse: nothing of it runs and no `on-error` catches it (docs/routeros.md, 1.1). The message is the
 * text that the console prints, column included.
 */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
}

/** A command failed while the script ran. `:onerror` and `:do on-error=` catch it; the message is the text of `$e`. */
export class ScriptFailure extends Error {
  override readonly name = 'ScriptFailure';
}

/** Whether a script can catch the error. Anything else (a fault injector's, a defect) ends the whole run. */
export function isScriptError(error: unknown): error is ScriptFailure | DeviceFailure {
  return error instanceof ScriptFailure || error instanceof DeviceFailure;
}
