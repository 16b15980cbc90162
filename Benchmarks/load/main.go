// Command load fills etcd, and puts at a steady rate.
//
//	load -etcd 127.0.0.1:2379 fill -count 10000 -services 100
//	load -etcd 127.0.0.1:2379 put  -count 10000 -services 100 -rate 2000 -seconds 10 -log FILE
//
// Keys and values follow from the seed and from the number of the put alone, so that two runs do the same.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/etcdserverpb"
)

func main() {
	log.SetFlags(0)
	endpoint := flag.String("etcd", "127.0.0.1:2379", "where etcd is")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{*endpoint}, DialTimeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// Without what clientv3 adds for retries: a put that fails shall be seen.
	kv := etcdserverpb.NewKVClient(client.ActiveConnection())
	if err := run(ctx, kv, flag.Args()); err != nil {
		log.Fatal("load: ", err)
	}
}

func run(ctx context.Context, kv etcdserverpb.KVClient, arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("fill or put?")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	var to endpoints
	flags.StringVar(&to.prefix, "prefix", "services/", "under which keys")
	flags.StringVar(&to.name, "name", "s", "the services' name, before their number")
	flags.IntVar(&to.services, "services", 1, "how many services; 0: one, with no number in its name")
	flags.IntVar(&to.count, "count", 10, "how many endpoints")
	flags.IntVar(&to.size, "size", 0, "about how many bytes a value has, beyond the usual 230")
	flags.Uint64Var(&to.seed, "seed", 1, "another seed gives other values")
	switch arguments[0] {
	case "fill":
		flags.Parse(arguments[1:])
		return fill(ctx, kv, to)
	case "put":
		rate := flags.Float64("rate", 1, "puts a second")
		seconds := flags.Float64("seconds", 10, "for how long")
		path := flags.String("log", "/dev/stdout", "where each put is written down")
		flags.Parse(arguments[1:])
		out, err := os.Create(*path)
		if err != nil {
			return err
		}
		defer out.Close()
		return put(ctx, kv, to, *rate, *seconds, out)
	default:
		return fmt.Errorf("%s? fill or put", arguments[0])
	}
}
