package ports_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/lhrun/lhrun/ports"
)

func ExampleRegistry_Lease() {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	// The zero Options use the registry that lhrun itself uses.
	registry, err := ports.Open(ports.Options{StateDir: dir})
	if err != nil {
		log.Fatal(err)
	}
	checkout, err := registry.Checkout("shop", dir)
	if err != nil {
		log.Fatal(err)
	}
	leases, err := registry.Lease(checkout, []ports.Request{
		{Service: "api"},
		{Service: "api", Name: "debug"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer leases.Close()
	for _, l := range leases.All() {
		fmt.Println(l.Request, "is at home:", l.Port == l.Home)
	}
	// Output:
	// service "api" is at home: true
	// service "api" (port "debug") is at home: true
}

func ExampleFree() {
	var busy *ports.BusyError
	if err := ports.Free(8080); errors.As(err, &busy) {
		fmt.Println("8080 is held by", busy.Holder)
	}
}

func ExampleWatcher() {
	watcher := ports.NewWatcher()
	defer watcher.Close()
	watch := watcher.Add(ports.Target{
		Ports: []int{8080},
		Tree:  func() []int { return []int{os.Getpid()} },
		Opened: func(l ports.Listener) {
			if !l.Loopback() {
				fmt.Println("everybody on the network can reach", l.Addr)
			}
		},
		Stranger: func(l ports.Listener, h ports.Holder) {
			fmt.Println(l.Addr, "belongs to", h)
		},
	})
	defer watch.Remove()
}

func ExampleParseRange() {
	r, err := ports.ParseRange("3000-3999")
	fmt.Println(r, err)
	_, err = ports.ParseRange("80-90")
	fmt.Println(err)
	// Output:
	// 3000-3999 <nil>
	// cannot use "80-90" as a port range: ports go from 1024 to 65535
}
