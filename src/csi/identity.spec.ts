import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../test/support/grpc-client.ts';
import {
  Identity,
  PluginCapability_Service_Type as Service,
  PluginCapability_VolumeExpansion_Type as VolumeExpansion,
} from './gen/csi_pb.js';
import { implement } from './grpc-binding.ts';
import { identityHandlers } from './identity.ts';
import { startServer } from './services.fixture.ts';

test('the plugin reports its name, its parts and whether it is ready', async (t) => {
  let fit = false;
  const handlers = identityHandlers({ name: 'rds.rose-csi.io', version: '1.2.3' }, () => fit);
  const { path } = await startServer(t, [implement(Identity, handlers)]);
  const client = createClient(Identity, `unix://${path}`);
  t.after(() => client.close());

  const { name, vendorVersion } = await client.getPluginInfo({});
  assert.deepEqual({ name, vendorVersion }, { name: 'rds.rose-csi.io', vendorVersion: '1.2.3' });
  const { capabilities } = await client.getPluginCapabilities({});
  assert.deepEqual(
    capabilities.map(({ type }) => [type.case, type.value?.type]),
    [
      ['service', Service.CONTROLLER_SERVICE],
      ['service', Service.VOLUME_ACCESSIBILITY_CONSTRAINTS],
      ['volumeExpansion', VolumeExpansion.ONLINE],
    ],
  );
  assert.equal((await client.probe({})).ready, false);
  fit = true;
  assert.equal((await client.probe({})).ready, true);
});
