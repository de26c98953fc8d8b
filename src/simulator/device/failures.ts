import { DeviceFailure } from '../console/menu.ts';

/** A semantic refusal, in the form RouterOS gives those: `failure: …` (docs/routeros.md, 1.4). */
export function failure(text: string): DeviceFailure {
  return new DeviceFailure(`failure: ${text}`);
}

/** A literal the device cannot read as a value of this argument (docs/routeros.md, 1.4). */
export function invalidValue(argument: string, detail?: string): DeviceFailure {
  const text = `invalid value for argument ${argument}`;
  return new DeviceFailure(detail === undefined ? text : `${text}: ${detail}`);
}

/** A reference to something that does not exist, e.g. `fs=` with an unknown label (docs/routeros.md, 1.4). */
export function noMatch(argument: string): DeviceFailure {
  return new DeviceFailure(`input does not match any value of ${argument}`);
}

/** An item that is gone, addressed by its id (docs/routeros.md, 1.4). */
export function noSuchItem(): DeviceFailure {
  return new DeviceFailure('no such item (4)');
}

/**
 * What the real device can do and the simulator cannot. It fails, so that no one takes silence for success.
 */
export function notSimulated(what: string): DeviceFailure {
  return new DeviceFailure(`action failed (6): the simulator does not carry out ${what}`);
}
