// etcd as its releases are built: its own main is not importable from the module proxy, what it calls is.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
