import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterIdProblem } from './cluster-id.ts';
import { minimal, said } from './config.fixture.ts';

test('what stands in examples in the place of an id was the id of two clusters, which owned the volumes of each other', () => {
  for (const clusterId of [
    `$${'{CLUSTER_ID}'}`,
    '$(CLUSTER_ID)',
    '{{ clusterId }}',
    '<uid of kube-system>',
    '<cluster-id>',
    'CHANGEME',
    'change-me',
    'your-cluster-id',
    'cluster-id',
    'my-cluster-id',
    'clusterid',
    'TODO',
    'xxx',
    '...',
    'replace-me',
    'REPLACE-with-the-uid-of-the-namespace-kube-system',
  ]) {
    const words = 'still to be replaced; the uid of the namespace kube-system is a good one';
    assert.equal(clusterIdProblem(clusterId), words, clusterId);
    assert.ok(said({ ...minimal, clusterId }).endsWith(`  clusterId: ${words}`));
    assert.ok(said({ ...minimal, adoptedClusterIds: [clusterId] }).endsWith(`  adoptedClusterIds[0]: ${words}`));
  }
});

test('an id with blanks in it is not the one without', () => {
  for (const id of [' c1', 'c1 ', 'c 1', 'c1\n']) assert.match(clusterIdProblem(id) ?? '', /^has blanks in it;/, id);
});

test('an id that only resembles such a text is one', () => {
  for (const clusterId of [
    '2f1c0b1e-7d5e-4f0c-9f39-6f6a1f0c9a11',
    'prod',
    'yourtown',
    'exchange',
    'replacement',
    'changement',
    'cluster-1',
    'cluster',
    'x',
    'prod_eu.west',
    'todos',
  ]) {
    assert.equal(said({ ...minimal, clusterId }), 'nothing', clusterId);
  }
});
