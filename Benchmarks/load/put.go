package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"go.etcd.io/etcd/etcdserver/etcdserverpb"
	"golang.org/x/sys/unix"
)

// inFlight bounds the puts that wait for their answers. Beyond it puts are sent late, which their log shows.
const inFlight = 256

// done is a put, in nanoseconds of CLOCK_MONOTONIC.
type done struct {
	due, sent, answered int64
	revision            int64
	key                 []byte
}

// put sends puts on a schedule that does not wait for their answers, and writes for each: when it was due, sent
// and answered, its revision and its key.
func put(ctx context.Context, kv etcdserverpb.KVClient, to endpoints, rate, seconds float64, log io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	total := int(rate * seconds)
	schedule := make(chan int, inFlight)
	puts := make([]done, total)
	var failure error
	var once sync.Once
	var all sync.WaitGroup
	for n := 0; n < inFlight && n < total; n++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range schedule {
				if err := send(ctx, kv, &to, uint64(n), &puts[n]); err != nil {
					once.Do(func() { failure = err; cancel() })
				}
			}
		}()
	}
	start := now() + int64(10*time.Millisecond)
	for n := 0; n < total && ctx.Err() == nil; n++ {
		puts[n].due = start + int64(float64(n)/rate*1e9)
		wait(ctx, puts[n].due)
		schedule <- n
	}
	close(schedule)
	all.Wait()
	if failure == nil {
		failure = ctx.Err()
	}
	out := bufio.NewWriter(log)
	for _, one := range puts {
		if one.revision > 0 {
			fmt.Fprintf(out, "%d %d %d %d %s\n", one.due, one.sent, one.answered, one.revision, one.key)
		}
	}
	if err := out.Flush(); failure == nil {
		failure = err
	}
	return failure
}

// wait sleeps until a moment has come, or until the end.
func wait(ctx context.Context, due int64) {
	if left := due - now(); left > 0 {
		select {
		case <-time.After(time.Duration(left)):
		case <-ctx.Done():
		}
	}
}

func send(ctx context.Context, kv etcdserverpb.KVClient, to *endpoints, n uint64, one *done) error {
	one.key = to.key(to.pick(n))
	value := to.value(one.key, n+1)
	one.sent = now()
	answer, err := kv.Put(ctx, &etcdserverpb.PutRequest{Key: one.key, Value: value})
	if err != nil {
		return err
	}
	one.answered, one.revision = now(), answer.Header.Revision
	return nil
}

func now() int64 {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &at); err != nil {
		panic(err) // every Linux has this clock
	}
	return at.Nano()
}
