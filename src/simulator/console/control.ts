import type { Block, Builtin, Expression } from './ast.ts';
import { entries } from './conversions.ts';
import { isScriptError, ScriptFailure } from './errors.ts';
import { requireBool } from './operators.ts';
import { Scope } from './scope.ts';
import { nothing, RosArray, type Value } from './value.ts';

/** What control structures need of the interpreter. */
interface Runner {
  evaluate(expression: Expression, scope: Scope): Promise<Value>;
  runBlock(block: Block, scope: Scope): Promise<void>;
  /** Lets other scripts run. */
  pause(): Promise<void>;
}

type Control = (node: Builtin, scope: Scope, runner: Runner) => Promise<void>;

/** The builtins that decide what runs. */
export const controls: ReadonlyMap<string, Control> = new Map([
  ['if', runIf],
  ['foreach', runForeach],
  ['for', runFor],
  ['while', runWhile],
  ['do', runDo],
  ['onerror', runOnError],
]);

async function evaluateArgument(node: Builtin, name: string, scope: Scope, runner: Runner): Promise<Value | undefined> {
  const expression = node.values.get(name);
  return expression && (await runner.evaluate(expression, scope));
}

async function runArgument(node: Builtin, name: string, scope: Scope, runner: Runner): Promise<void> {
  const block = node.blocks.get(name);
  if (block) {
    await runner.runBlock(block, new Scope(scope));
  }
}

async function condition(node: Builtin, name: string, scope: Scope, runner: Runner): Promise<boolean> {
  const value = await evaluateArgument(node, name, scope, runner);
  return value !== undefined && requireBool(value, `:${node.name}`);
}

async function runIf(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  const holds = await condition(node, 'condition', scope, runner);
  await runArgument(node, holds ? 'do' : 'else', scope, runner);
}

/** `:foreach` visits arrays only; what the device makes of a text there is unknown. */
async function runForeach(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  const value = await evaluateArgument(node, 'in', scope, runner);
  if (!(value instanceof RosArray) && value !== nothing) {
    throw new ScriptFailure('invalid value for argument in');
  }
  const [first = '', second] = node.variables;
  for (const [key, element] of value === nothing ? [] : entries(value)) {
    const inner = new Scope(
      scope,
      second === undefined
        ? [[first, element]]
        : [
            [first, key],
            [second, element],
          ],
    );
    await runArgument(node, 'do', inner, runner);
    await runner.pause();
  }
}

async function runFor(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  const [from, to, step = 1n] = [
    await evaluateArgument(node, 'from', scope, runner),
    await evaluateArgument(node, 'to', scope, runner),
    await evaluateArgument(node, 'step', scope, runner),
  ];
  if (typeof from !== 'bigint' || typeof to !== 'bigint' || typeof step !== 'bigint' || step === 0n) {
    throw new ScriptFailure('invalid value for argument of :for');
  }
  const [variable = ''] = node.variables;
  for (let count = from; step > 0n ? count <= to : count >= to; count += step) {
    await runArgument(node, 'do', new Scope(scope, [[variable, count]]), runner);
    await runner.pause();
  }
}

async function runWhile(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  while (await condition(node, 'condition', scope, runner)) {
    await runArgument(node, 'do', scope, runner);
    await runner.pause();
  }
}

/** `:do {}`, with `while=` run at least once, with `on-error=` guarded. */
async function runDo(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  try {
    do {
      await runArgument(node, 'command', scope, runner);
      await runner.pause();
    } while (await condition(node, 'while', scope, runner));
  } catch (error) {
    if (!node.blocks.has('on-error') || !isScriptError(error)) {
      throw error;
    }
    await runArgument(node, 'on-error', scope, runner);
  }
}

/** `:onerror e in={} do={}`. The bool that it returns is left out: nothing may rest on it (docs/routeros.md, 1.3). */
async function runOnError(node: Builtin, scope: Scope, runner: Runner): Promise<void> {
  try {
    await runArgument(node, 'in', scope, runner);
  } catch (error) {
    if (!isScriptError(error)) {
      throw error;
    }
    const [variable = ''] = node.variables;
    await runArgument(node, 'do', new Scope(scope, [[variable, error.message]]), runner);
  }
}
