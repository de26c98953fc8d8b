// A stand-in for livenessprobe, which cannot be had from the Go module proxy: it has the flags that the chart gives, and
// answers /healthz with what the driver answers to Probe. It has none of the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"rose-csi/test/cluster/stand-ins/csi"
)

func main() {
	address := flag.String("csi-address", "/run/csi/socket", "socket of the driver")
	endpoint := flag.String("http-endpoint", ":9808", "where it answers")
	timeout := flag.Duration("probe-timeout", time.Second, "how long the driver may take")
	flag.Int("v", 0, "taken for the sake of the command line")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	identity, err := csi.Identity(*address)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := csi.DriverName(ctx, identity); err != nil {
		log.Fatalf("the driver does not say its name: %v", err)
	}

	probe := func(answer http.ResponseWriter, request *http.Request) {
		within, cancel := context.WithTimeout(request.Context(), *timeout)
		defer cancel()
		if err := ready(within, identity); err != nil {
			log.Print(err)
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = answer.Write([]byte("ok"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", probe)
	server := &http.Server{Addr: *endpoint, Handler: mux, ReadHeaderTimeout: time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func ready(ctx context.Context, identity spec.IdentityClient) error {
	answer, err := identity.Probe(ctx, &spec.ProbeRequest{})
	if err != nil {
		return err
	}
	// A driver that says nothing about it is ready.
	if known := answer.GetReady(); known != nil && !known.GetValue() {
		return errors.New("the driver is not ready")
	}
	return nil
}
