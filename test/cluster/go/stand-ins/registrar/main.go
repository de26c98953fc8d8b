// A stand-in for csi-node-driver-registrar, which cannot be had from the Go module proxy: it has the flags that the chart
// gives, and reports the kubelet of the driver by the same protocol. It has none of the rest.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	"rose-csi/test/cluster/stand-ins/csi"
)

type server struct {
	registration.UnimplementedRegistrationServer
	name, endpoint string
}

func (s *server) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:              registration.CSIPlugin,
		Name:              s.name,
		Endpoint:          s.endpoint,
		SupportedVersions: []string{"1.0.0"},
	}, nil
}

// As in the original, a refused registration ends the process, so that the kubelet starts the container again.
func (s *server) NotifyRegistrationStatus(
	_ context.Context, status *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		log.Fatalf("the kubelet refuses the driver: %s", status.Error)
	}
	log.Printf("the kubelet knows %s at %s", s.name, s.endpoint)
	return &registration.RegistrationStatusResponse{}, nil
}

func main() {
	address := flag.String("csi-address", "/run/csi/socket", "socket of the driver")
	path := flag.String("kubelet-registration-path", "", "the same socket, as the kubelet sees it")
	folder := flag.String("plugin-registration-path", "/registration", "where the kubelet looks for plugins")
	flag.Int("v", 0, "taken for the sake of the command line")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	identity, err := csi.Identity(*address)
	if err != nil {
		log.Fatal(err)
	}
	name, err := csi.DriverName(ctx, identity)
	if err != nil {
		log.Fatalf("the driver does not say its name: %v", err)
	}

	socket := filepath.Join(*folder, name+"-reg.sock")
	if err := os.RemoveAll(socket); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	serving := grpc.NewServer()
	registration.RegisterRegistrationServer(serving, &server{name: name, endpoint: *path})
	go func() {
		<-ctx.Done()
		serving.GracefulStop()
	}()
	if err := serving.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
