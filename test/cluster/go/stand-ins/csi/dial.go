// Package csi is what the stand-ins share: the way to the driver's socket.
package csi

import (
	"context"
	"strings"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Identity connects to the socket of a driver. It does so at the first call, and again whenever the driver comes back.
func Identity(address string) (spec.IdentityClient, error) {
	target := "unix://" + strings.TrimPrefix(address, "unix://")
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return spec.NewIdentityClient(connection), nil
}

// DriverName asks until the driver answers or the context ends.
func DriverName(ctx context.Context, identity spec.IdentityClient) (string, error) {
	info, err := identity.GetPluginInfo(ctx, &spec.GetPluginInfoRequest{}, grpc.WaitForReady(true))
	return info.GetName(), err
}
