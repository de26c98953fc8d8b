/** The name of the driver in Kubernetes. */
export const DRIVER_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/** {@link DRIVER_NAME} in words. */
export const DRIVER_NAME_RULE = 'a domain-like name of at most 63 characters';

/** Why a text is not the name of a driver; undefined when it is one. */
export function driverNameProblem(text: string): string | undefined {
  return DRIVER_NAME.test(text) ? undefined : `it has to be ${DRIVER_NAME_RULE}`;
}
