import { pod } from '../objects.ts';
import { DATABASE_IMAGE } from './image.ts';

/** The user of the image, as whom PostgreSQL consents to run. */
const USER = { runAsUser: 999, fsGroup: 999 };

/** Starts PostgreSQL on what is in the volume, made first when there is nothing, and waits until it takes commands. */
const START = `
export PATH=/usr/lib/postgresql/bin:$PATH PGDATA=/data/db PGHOST=/tmp PGUSER=database PGDATABASE=postgres
# Of the pod before, whose numbers of processes mean others here; that it is gone, attaching has made sure.
rm -f $PGDATA/postmaster.pid
test -d $PGDATA || initdb --data-checksums --no-locale --auth=trust >/dev/null || exit 1
# The kubelet gives all of it to the group (fsGroup), which PostgreSQL does not like.
chmod 700 $PGDATA
postgres -k /tmp -c listen_addresses= &
until psql -qc 'select 1' >/dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.1; done`;

/** Commits a number in each transaction, one after the other, and says it once it is committed; beside that, pgbench works. */
const WRITE = `
psql -q <<end
create table if not exists commits (n bigint primary key, filler text);
end
psql -qtAc "select 1 from pg_tables where tablename = 'pgbench_accounts'" | grep -q 1 || pgbench -iq -s 2 >/dev/null 2>&1
pgbench -c 2 -T 86400 >/dev/null 2>&1 &
n=$(psql -qtAc 'select coalesce(max(n), 0) from commits')
while true; do
  n=$((n + 1))
  psql -qc "insert into commits values ($n, repeat('x', 2000))" || exit 1
  echo $n
done`;

/** What the checks of {@link CHECK} say of a database that is whole, behind the last number. */
export const WHOLE = 'whole';

/** Says the last number that was committed, and whether all before it are there, every page reads, and every index is right. */
const CHECK = `
last=$(psql -qtAc 'select coalesce(max(n), 0) from commits')
missing=$(psql -qtAc 'select coalesce(max(n), 0) - count(*) from commits')
test "$missing" = 0 || { echo "$last $missing are missing"; exit 1; }
pg_dump >/dev/null || { echo "$last a dump failed"; exit 1; }
pg_amcheck --install-missing --heapallindexed postgres || { echo "$last an index is wrong"; exit 1; }
echo "$last ${WHOLE}"`;

/** A database under load. Its log is the numbers that were committed. */
export function writingDatabase(name: string, claim: string, node: string): object {
  return databasePod(name, claim, node, START + WRITE);
}

/** A database that is only looked at: its log is the outcome. */
export function checkedDatabase(name: string, claim: string, node: string): object {
  return databasePod(name, claim, node, START + CHECK);
}

function databasePod(name: string, claim: string, node: string, command: string): object {
  return pod(name, claim, command, { node, security: USER, image: DATABASE_IMAGE });
}
