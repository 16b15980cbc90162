package main

import (
	"context"
	"sync"

	"go.etcd.io/etcd/etcdserver/etcdserverpb"
)

const (
	atOnce = 100
	// etcd refuses requests above 1.5 MB.
	bytesAtOnce = 1 << 20
	fillers     = 4
)

// fill puts every endpoint once, many in a transaction.
func fill(ctx context.Context, kv etcdserverpb.KVClient, to endpoints) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	transactions := make(chan []*etcdserverpb.RequestOp)
	var failure error
	var once sync.Once
	var all sync.WaitGroup
	for n := 0; n < fillers; n++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for puts := range transactions {
				if _, err := kv.Txn(ctx, &etcdserverpb.TxnRequest{Success: puts}); err != nil {
					once.Do(func() { failure = err; cancel() })
				}
			}
		}()
	}
	var puts []*etcdserverpb.RequestOp
	size := 0
	for n := 0; n < to.count && ctx.Err() == nil; n++ {
		key := to.key(n)
		value := to.value(key, 0)
		if len(puts) == atOnce || size+len(value) > bytesAtOnce {
			transactions <- puts
			puts, size = nil, 0
		}
		size += len(key) + len(value)
		puts = append(puts, &etcdserverpb.RequestOp{Request: &etcdserverpb.RequestOp_RequestPut{
			RequestPut: &etcdserverpb.PutRequest{Key: key, Value: value},
		}})
	}
	transactions <- puts
	close(transactions)
	all.Wait()
	if failure == nil {
		failure = ctx.Err()
	}
	return failure
}
