// Command peer is what a Go programmer who knows the language's costs would write instead of discoveryd, for
// one service and one file: it registers an address under a lease and keeps it alive, lists a prefix, watches
// from the next revision on, and keeps a sorted JSON list in a file that is replaced whole.
//
// It is the yardstick of the benchmarks, so it is written for speed:
//
//   - follow.go lists in pages, one ahead, and applies all events that wait before it writes;
//   - record.go reads the usual record in one pass over its bytes, and line.go appends its line of the list;
//   - list.go and chunk.go keep the lines sorted and encoded, and edit them where they stand;
//   - replace.go hands these pieces to the kernel as they are.
//
// It does not do the rest of what discoveryd does; docs/BENCHMARKS.md says what that costs.
//
//	peer -etcd 127.0.0.1:2379 -prefix services/ -key services/web/peer -addr 10.0.0.1:80 -file /run/list.json
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func main() {
	endpoint := flag.String("etcd", "127.0.0.1:2379", "where etcd is")
	prefix := flag.String("prefix", "services/", "what to list")
	service := flag.String("service", "", "list only this service of the prefix")
	key := flag.String("key", "", "the key to register")
	addr := flag.String("addr", "", "the address to register")
	file := flag.String("file", "", "where the list is kept")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            []string{*endpoint},
		DialTimeout:          5 * time.Second,
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		MaxCallRecvMsgSize:   64 << 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	out, err := openTarget(*file)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	left := make(chan struct{})
	go func() {
		defer close(left)
		register(ctx, client, *key, *addr)
	}()
	for ; ctx.Err() == nil; pause(ctx) {
		if err := follow(ctx, client, *prefix, *service, out); err != nil && ctx.Err() == nil {
			log.Print("listing again: ", err)
		}
	}
	<-left
}

// pause waits a second, or until the end.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}
