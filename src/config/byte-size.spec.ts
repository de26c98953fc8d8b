import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteSize } from './byte-size.ts';
import { backend, minimal, withBackend } from './config.fixture.ts';
import { parseConfig } from './load.ts';

test('sizes are exact, and an ambiguous unit is refused', () => {
  assert.equal(parseByteSize('0'), 0n);
  assert.equal(parseByteSize('1536'), 1536n);
  assert.equal(parseByteSize('3 TiB'), 3n << 40n);
  for (const unit of ['Ki', 'Mi', 'Gi', 'Ti', 'Pi'])
    assert.equal(parseByteSize(`3${unit}`), parseByteSize(`3${unit}B`));
  assert.equal(parseByteSize('10G'), 10_000_000_000n, 'as Kubernetes means it');
  assert.equal(parseByteSize('7k'), 7000n);
  for (const text of ['', '10GB', '10K', '10 g', '1.5GiB', '-1', '01', '1e9', ' 1']) {
    assert.equal(parseByteSize(text), undefined, text);
  }
});

test('a size is written as Kubernetes or as users do, everywhere', () => {
  const reserve = (size: unknown) =>
    parseConfig({ ...minimal, backends: [{ ...backend, reserve: size }] }, 'f').backends[0]?.reserve;
  assert.equal(reserve('10Gi'), reserve('10GiB'));
  assert.equal(reserve('10G'), 10n ** 10n);
  assert.equal(reserve(4096), 4096n);
  for (const size of ['10GB', '2Pi', -1, 1.5, true, null]) {
    assert.match(
      withBackend({ reserve: size }),
      /backends\[rds1\]\.reserve: a number of bytes up to 1024Ti, or one with/,
      String(size),
    );
  }
});
