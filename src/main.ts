#!/usr/bin/env node
import { run } from './cli/run.ts';
import { program } from './program.ts';

await run(program());
