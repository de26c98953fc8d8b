import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryConsole, output } from './memory-menus.testing.ts';

/** Conditions on the two disks of the fixture, and the slots that they find. */
const conditions: readonly (readonly [where: string, slots: string])[] = [
  ['slot=pool', 'pool'],
  ['slot="pvc-1"', 'pvc-1'],
  ['slot!=pool', 'pvc-1'],
  ['slot=("pvc-".1)', 'pvc-1'],
  ['.id=*2', 'pvc-1'],
  ['.id="*2"', 'pvc-1'],
  ['mounted', 'pool'],
  ['!mounted', 'pvc-1'],
  ['mounted=yes', 'pool'],
  ['mounted=true', 'pool'],
  ['mounted="no"', 'pvc-1'],
  ['mounted=false', 'pvc-1'],
  ['nvme-tcp-export', 'pvc-1'],
  ['nvme-tcp-export=(1=1)', 'pvc-1'],
  ['comment', 'pvc-1'],
  ['!comment', 'pool'],
  ['comment=""', 'pool'],
  ['comment!=""', 'pvc-1'],
  ['comment="one; two"', 'pvc-1'],
  ['file-size', 'pvc-1'],
  ['file-size=""', 'pool'],
  ['size=53687091200', 'pvc-1'],
  ['size="53687091200"', 'pvc-1'],
  ['size>53687091200', 'pool'],
  ['size>=(53687091000+200)', 'pool,pvc-1'],
  ['file-size<1', ''],
  ['uptime="00:01:30"', 'pool'],
  ['uptime=1m30s', 'pool'],
  ['1=1 and slot=pool', 'pool'],
  ['uptime>"1m"', 'pool'],
  ['slot~"^p"', 'pool,pvc-1'],
  ['slot~"\\5Epvc-[0-9]+\\24"', 'pvc-1'],
  ['comment~"."', 'pvc-1'],
  ['mounted and slot=pool', 'pool'],
  ['mounted and slot=pvc-1', ''],
  ['mounted or slot=pvc-1', 'pool,pvc-1'],
  ['!mounted && (slot=pvc-1 || slot=pool)', 'pvc-1'],
  ['!(mounted and size>0)', 'pvc-1'],
  ['fs-label=pool and size>0 and slot~"l"', 'pool'],
  ['slot=[/disk get pvc-1 slot]', 'pvc-1'],
  ['slot=({"pool"}->0)', 'pool'],
  ['(slot."x")="poolx"', 'pool'],
  ['(size/1000000)=53687', 'pvc-1'],
  ['true', 'pool,pvc-1'],
  ['slot="*2"', ''],
];

/** Conditions that fail, with the text of the error. */
const failures: readonly (readonly [where: string, text: string])[] = [
  ['nope=1', 'bad parameter nope'],
  ['mounted and !nope', 'bad parameter nope'],
  ['size=big', 'invalid value for argument size'],
  ['mounted=maybe', 'invalid value for argument mounted'],
  ['slot>"a"', 'cannot apply > to str and str'],
  ['!slot~"a"', 'cannot apply ~ to bool and str'],
  ['5', 'cannot apply where to num'],
  ['size~"5"', 'cannot apply ~ to num and str'],
  ['slot~"("', 'failure: bad regexp: empty expression'],
];

const slots = (find: string) =>
  `:local s ""; :foreach i in=[${find}] do={:set s ($s.",".[/disk get $i slot])}; :put $s`;

for (const [where, expected] of conditions) {
  test(`where: ${where} finds ${expected === '' ? 'nothing' : expected}`, async () => {
    const text = expected === '' ? '\r\n' : `,${expected}\r\n`;
    assert.equal(await output(slots(`/disk find where ${where}`)), text);
  });
}

for (const [where, text] of failures) {
  test(`where: ${where} fails`, async () => {
    assert.equal(await output(`:put [/disk find where ${where}]`), `${text}\r\n`);
  });
}

test('where: may be left out after find', async () => {
  assert.equal(await output(slots('/disk find slot=pool and mounted')), ',pool\r\n');
});

test('where: compares with variables of the same type', async () => {
  assert.equal(await output(`:local xS "pvc-1"; ${slots('/disk find where slot=$xS')}`), ',pvc-1\r\n');
  assert.equal(await output(`:local xN 53687091200; ${slots('/disk find where size=$xN')}`), ',pvc-1\r\n');
  assert.equal(await output(`:local xN 5; ${slots('/disk find where slot=$xN')}`), '\r\n');
});

test('where: compares times, in variables and in brackets too', async () => {
  const line = (bound: string) =>
    `:local xU [:totime "${bound}"]; ${slots('/disk find where slot=pool and $xU>[/disk get pool uptime]')}`;
  assert.equal(await output(line('91s')), ',pool\r\n');
  assert.equal(await output(line('90s')), '\r\n');
  assert.equal(await output(`:local xU 1m; ${slots('/disk find where uptime>$xU')}`), ',pool\r\n');
});

test('where: runs its brackets once, not for every row', async () => {
  const gets: string[] = [];
  const fixture = memoryConsole({
    beforeStatement: ({ command, text }) => {
      if (command === 'get') {
        gets.push(text);
      }
    },
  });
  await output('/disk find where slot=[/disk get pool slot]', fixture);
  assert.equal(gets.length, 1);
});

test('the reserved-name trap takes the property of the row for a variable of that name', async () => {
  assert.equal(await output(`:local slot "pvc-1"; ${slots('/disk find where slot=$slot')}`), ',pool,pvc-1\r\n');
  assert.equal(await output(`:local type "file"; ${slots('/disk find where slot=$type')}`), '\r\n');
});

test('the reserved-name trap also inside quotes', async () => {
  assert.equal(await output(`:local slot "pvc-1"; ${slots('/disk find where slot="$slot"')}`), ',pool,pvc-1\r\n');
});

test('the reserved-name trap also in brackets inside the clause, where the variable is not seen', async () => {
  assert.equal(
    await output(':local slot "pool"; :put [/disk find where slot=[/disk get $slot slot]]'),
    'no such item\r\n',
  );
});

test('the reserved-name trap leaves other names alone, and the variable alone outside the clause', async () => {
  assert.equal(
    await output(':local slot "pvc-1"; :put [:len [/disk find where slot=$slot]]; :put $slot'),
    '2\r\npvc-1\r\n',
  );
});
