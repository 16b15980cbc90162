package main

import (
	"context"
	"fmt"
	"sync"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/etcdserverpb"
)

const (
	firstPage  = 500
	largest    = 20000
	bytesAPage = 4 << 20
)

// follow lists the prefix, or one service of it, and then applies its changes, until the watch breaks.
func follow(ctx context.Context, client *clientv3.Client, prefix, service string, out *target) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	from := prefix
	if service != "" {
		from += service + "/"
	}
	all, err := read(ctx, client, prefix, from)
	if err != nil {
		return err
	}
	waiting := newInbox()
	go waiting.fill(client.Watch(ctx, from,
		clientv3.WithPrefix(), clientv3.WithRev(all.revision+1), clientv3.WithProgressNotify()))
	if err := out.replace(all.pieces()); err != nil {
		return err
	}
	for range waiting.wake {
		events, err := waiting.take()
		for _, event := range events {
			all.apply(event)
		}
		if len(events) > 0 {
			if err := out.replace(all.pieces()); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// page is an answer to a range request, or why there is none.
type page struct {
	*clientv3.GetResponse
	err error
}

// read lists everything that begins with from in pages of one revision. The next page is on its way while one
// is put into the list.
func read(ctx context.Context, client *clientv3.Client, prefix, from string) (*list, error) {
	pages := make(chan page)
	go fetch(ctx, client, from, pages)
	var all *list
	for next := range pages {
		if next.err != nil {
			return nil, next.err
		}
		if all == nil {
			all = newList(prefix, next.Header.ClusterId, next.Header.Revision)
		}
		for _, kv := range next.Kvs {
			all.put(kv)
		}
	}
	if all == nil {
		return nil, ctx.Err()
	}
	return all, nil
}

// fetch sends all pages, and closes the channel after the last one.
func fetch(ctx context.Context, client *clientv3.Client, from string, pages chan<- page) {
	defer close(pages)
	end := clientv3.GetPrefixRangeEnd(from)
	revision, limit, keys, bytes := int64(0), firstPage, 0, 0
	for more := true; more; {
		answer, err := client.Get(ctx, from, clientv3.WithRange(end),
			clientv3.WithLimit(int64(limit)), clientv3.WithRev(revision))
		select {
		case pages <- page{answer, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		if more = answer.More && len(answer.Kvs) > 0; more {
			revision = answer.Header.Revision
			from = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
			keys, bytes = keys+len(answer.Kvs), bytes+(*etcdserverpb.RangeResponse)(answer).Size()
			limit = min(largest, 1+bytesAPage/(1+bytes/keys))
		}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// inbox gathers the events of a watch while a file is written.
type inbox struct {
	lock          sync.Mutex
	events, spare []*clientv3.Event
	err           error
	wake          chan struct{}
}

func newInbox() *inbox {
	return &inbox{wake: make(chan struct{}, 1)}
}

// fill gathers until the watch ends.
func (waiting *inbox) fill(changes clientv3.WatchChan) {
	for change := range changes {
		if err := change.Err(); err != nil {
			waiting.add(nil, err)
		} else if len(change.Events) > 0 {
			waiting.add(change.Events, nil)
		}
	}
	waiting.add(nil, fmt.Errorf("the watch ended"))
}

func (waiting *inbox) add(events []*clientv3.Event, err error) {
	waiting.lock.Lock()
	waiting.events = append(waiting.events, events...)
	if waiting.err == nil {
		waiting.err = err
	}
	waiting.lock.Unlock()
	select {
	case waiting.wake <- struct{}{}:
	default:
	}
}

// take returns what has been gathered; it is good until the next call.
func (waiting *inbox) take() ([]*clientv3.Event, error) {
	waiting.lock.Lock()
	defer waiting.lock.Unlock()
	for index := range waiting.spare {
		waiting.spare[index] = nil
	}
	taken := waiting.events
	waiting.events, waiting.spare = waiting.spare[:0], taken
	return taken, waiting.err
}
