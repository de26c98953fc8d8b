// Reads Kubernetes objects from standard input, a YAML stream, and decodes each into the Go type that the API server has
// for it. An unknown field, a field that is there twice, a wrong type or an unknown kind is an error.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	snapshots "github.com/kubernetes-csi/external-snapshotter/client/v8/apis/volumesnapshot/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	for _, add := range []func(*runtime.Scheme) error{snapshots.AddToScheme, monitoring.AddToScheme} {
		if err := add(scheme.Scheme); err != nil {
			panic(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	decoded, wrong := 0, 0
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(err)
		}
		if err := check(decoder, document); err != nil {
			wrong++
			fmt.Println(err)
		}
		decoded++
	}
	fmt.Printf("%d objects, %d wrong\n", decoded, wrong)
	if wrong > 0 {
		os.Exit(1)
	}
}

func check(decoder runtime.Decoder, document []byte) error {
	_, kind, err := decoder.Decode(document, nil, nil)
	if err != nil {
		return fmt.Errorf("%v: %w", kind, err)
	}
	return nil
}
