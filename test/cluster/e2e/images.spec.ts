import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUSYBOX_IMAGE } from '../images.ts';
import { imageOf } from '../versions.ts';
import { aliasesFor } from './images.ts';

const REGISTRY = 'registry.k8s.io/e2e-test-images';
const LISTED = [
  `${REGISTRY}/agnhost:2.59`,
  `${REGISTRY}/agnhost:2.55`,
  'gcr.io/k8s-authenticated-test/agnhost:2.6',
  `${REGISTRY}/nginx:1.14-4`,
  `${REGISTRY}/busybox:1.37.0-1`,
  `${REGISTRY}/busybox:1.37.0-1`,
  `${REGISTRY}/jessie-dnsutils:1.7`,
  `${REGISTRY}/volume/nfs:1.4`,
  '',
];

test('each image that specs of storage use has a stand-in under every name that the suite has for it', () => {
  const aliases = aliasesFor(LISTED);
  const nameOf = (alias: string) => aliases.find((one) => one.alias === `${REGISTRY}/${alias}`)?.name;
  assert.equal(aliases.length, 5);
  assert.equal(nameOf('busybox:1.37.0-1'), BUSYBOX_IMAGE);
  assert.equal(nameOf('nginx:1.14-4'), BUSYBOX_IMAGE);
  assert.equal(nameOf('jessie-dnsutils:1.7'), imageOf('node'));
  assert.equal(nameOf('agnhost:2.55'), nameOf('agnhost:2.59'));
});

test('an image that the suite has no more is said', () => {
  assert.throws(() => aliasesFor(LISTED.slice(0, 4)), /no image busybox/);
});
