package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// register keeps the key in etcd until the context ends, and then takes it out.
func register(ctx context.Context, client *clientv3.Client, key, addr string) {
	for ; ctx.Err() == nil; pause(ctx) {
		if err := hold(ctx, client, key, addr); err != nil && ctx.Err() == nil {
			log.Print("registering again: ", err)
		}
	}
}

// hold registers the key under a new lease and keeps that alive for as long as it can.
func hold(ctx context.Context, client *clientv3.Client, key, addr string) error {
	lease, err := client.Grant(ctx, 10)
	if err != nil {
		return err
	}
	defer func() {
		leaving, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, err := client.Revoke(leaving, lease.ID); err != nil {
			log.Print("the lease runs out by itself: ", err)
		}
	}()
	text, err := json.Marshal(struct{ Addr string }{addr})
	if err != nil {
		return err
	}
	answer, err := client.Txn(ctx).
		If(clientv3.Compare(clientv3.LeaseValue(key), "=", 0)).
		Then(clientv3.OpPut(key, string(text), clientv3.WithLease(lease.ID))).
		Commit()
	if err != nil {
		return err
	}
	if !answer.Succeeded {
		return fmt.Errorf("%s is another's", key)
	}
	answers, err := client.KeepAlive(ctx, lease.ID)
	if err != nil {
		return err
	}
	for range answers {
	}
	return fmt.Errorf("the lease is lost")
}
