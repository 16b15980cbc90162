// Command naming speaks etcd's naming as Go programs do: with the resolver that grpc-go dials through, and
// with the manager that registers endpoints. It decodes nothing itself.
//
//	naming ETCD dial TARGET             asks a server behind etcd:///TARGET how it is, over round_robin
//	naming ETCD resolve TARGET          a line of sorted addresses for each state of etcd:///TARGET
//	naming ETCD add TARGET ID ADDRESS   registers under a lease and prints "added"
//
// It goes on until SIGTERM; what it added ends with it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/naming/endpoints"
	naming "go.etcd.io/etcd/clientv3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: naming ETCD dial|resolve TARGET | naming ETCD add TARGET ID ADDRESS"))
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{os.Args[1]},
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		fail(err)
	}
	defer client.Close()
	switch command, arguments := os.Args[2], os.Args[3:]; {
	case command == "dial" && len(arguments) == 1:
		err = dial(client, arguments[0])
	case command == "resolve" && len(arguments) == 1:
		err = resolve(client, arguments[0])
	case command == "add" && len(arguments) == 3:
		err = add(client, arguments[0], arguments[1], arguments[2])
	default:
		err = fmt.Errorf("no such command: %s", strings.Join(os.Args[2:], " "))
	}
	if err != nil {
		fail(err)
	}
}

// dial is a client of a service: round_robin keys its connections by what the resolver makes of a record,
// so it ends in a panic where a record carries what cannot be a key.
func dial(client *clientv3.Client, target string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	builder, err := naming.NewBuilder(client)
	if err != nil {
		return err
	}
	connection, err := grpc.DialContext(ctx, "etcd:///"+target, grpc.WithResolvers(builder),
		grpc.WithInsecure(), grpc.WithBlock(),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`))
	if err != nil {
		return err
	}
	defer connection.Close()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(
		ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	fmt.Println(answer.Status)
	return nil
}

// resolve does what grpc.Dial("etcd:///TARGET", grpc.WithResolvers(...)) does with a target.
func resolve(client *clientv3.Client, target string) error {
	builder, err := naming.NewBuilder(client)
	if err != nil {
		return err
	}
	resolver, err := builder.Build(
		resolver.Target{Scheme: builder.Scheme(), Endpoint: target}, printer{}, resolver.BuildOptions{})
	if err != nil {
		return err
	}
	defer resolver.Close()
	untilTold()
	return nil
}

func add(client *clientv3.Client, target, id, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	lease, err := client.Grant(ctx, 10)
	if err != nil {
		return err
	}
	answers, err := client.KeepAlive(context.Background(), lease.ID)
	if err != nil {
		return err
	}
	go func() {
		for range answers {
		}
	}()
	manager, err := endpoints.NewManager(client, target)
	if err != nil {
		return err
	}
	endpoint := endpoints.Endpoint{Addr: address}
	if err := manager.AddEndpoint(
		ctx, target+"/"+id, endpoint, clientv3.WithLease(lease.ID)); err != nil {
		return err
	}
	fmt.Println("added")
	untilTold()
	_, err = client.Revoke(context.Background(), lease.ID)
	return err
}

// printer is a connection that prints where it would connect to.
type printer struct{}

func (printer) UpdateState(state resolver.State) {
	addresses := []string{}
	for _, address := range state.Addresses {
		addresses = append(addresses, address.Addr)
	}
	sort.Strings(addresses)
	fmt.Printf("[%s]\n", strings.Join(addresses, " "))
}

func (printer) ReportError(err error)                 { fmt.Fprintln(os.Stderr, err) }
func (p printer) NewAddress(a []resolver.Address)     { p.UpdateState(resolver.State{Addresses: a}) }
func (printer) NewServiceConfig(serviceConfig string) {}
func (printer) ParseServiceConfig(string) *serviceconfig.ParseResult {
	return &serviceconfig.ParseResult{}
}

func untilTold() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "naming:", err)
	os.Exit(1)
}
