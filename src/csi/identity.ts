/** The Identity service, for controller and node alike. */

import {
  type Identity,
  PluginCapability_Service_Type as Service,
  PluginCapability_VolumeExpansion_Type as VolumeExpansion,
} from './gen/csi_pb.js';
import type { Handlers } from './grpc-binding.ts';

/** Who the plugin is. */
export interface PluginInfo {
  /** Driver name, as in CSIDriver objects. */
  readonly name: string;
  /** Version of rose-csi, from package.json. */
  readonly version: string;
}

/**
 * @param ready whether the driver has been fit to work at least once since it started. It must not turn false again:
 * the livenessprobe sidecar restarts a container whose Probe says "not ready", and restarting the driver repairs no RDS
 * that is down. Trouble that comes later is reported by the calls that meet it.
 */
export function identityHandlers({ name, version }: PluginInfo, ready: () => boolean): Handlers<typeof Identity> {
  return {
    getPluginInfo: async () => ({ name, vendorVersion: version }),
    getPluginCapabilities: async () => ({
      capabilities: [
        { type: { case: 'service', value: { type: Service.CONTROLLER_SERVICE } } },
        { type: { case: 'service', value: { type: Service.VOLUME_ACCESSIBILITY_CONSTRAINTS } } },
        { type: { case: 'volumeExpansion', value: { type: VolumeExpansion.ONLINE } } },
      ],
    }),
    probe: async () => ({ ready: ready() }),
  };
}
