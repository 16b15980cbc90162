// Command peer is what a Go programmer would write instead of discoveryd, for one service and one file: it
// registers an address under a lease and keeps it alive, lists a prefix, watches from the next revision
// on, and keeps a sorted JSON list in a file that is replaced whole.
//
// It is written for speed where that is easy: one connection, pages at one revision, entries and services
// that did not change are not encoded again, changes that wait are taken together. It does not do the rest
// of what discoveryd does; docs/BENCHMARKS.md says what that costs.
//
//	peer -etcd 127.0.0.1:2379 -prefix services/ -key services/web/peer -addr 10.0.0.1:80 -file /run/list.json
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/mvcc/mvccpb"
)

const pageSize = 5000

// value is what stands under a key: a record of discoveryd or of Go's naming.
type value struct {
	Addr       string
	Discoveryd *details `json:"discoveryd,omitempty"`
}

type details struct {
	Weight *int              `json:"weight"`
	Zone   string            `json:"zone"`
	Tags   []string          `json:"tags"`
	Meta   map[string]string `json:"meta"`
	State  string            `json:"state"`
}

// entry is one line of the list.
type entry struct {
	ID             string            `json:"id"`
	Addr           string            `json:"addr"`
	Address        string            `json:"address"`
	Port           int               `json:"port"`
	Weight         int               `json:"weight"`
	Zone           string            `json:"zone,omitempty"`
	Tags           []string          `json:"tags"`
	Meta           map[string]string `json:"meta"`
	State          string            `json:"state"`
	CreateRevision int64             `json:"create_revision"`
	ModRevision    int64             `json:"mod_revision"`
	Version        int64             `json:"version"`
	Lease          string            `json:"lease"`
}

// service has its entries encoded, and all of them together unless one changed.
type service struct {
	lines map[string][]byte
	block []byte
}

// list is the state of the prefix.
type list struct {
	prefix   string
	cluster  uint64
	revision int64
	services map[string]*service
	names    []string
	text     bytes.Buffer
}

func main() {
	endpoint := flag.String("etcd", "127.0.0.1:2379", "where etcd is")
	prefix := flag.String("prefix", "services/", "what to list")
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
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	left := make(chan struct{})
	go func() {
		defer close(left)
		register(ctx, client, *key, *addr)
	}()
	for ; ctx.Err() == nil; pause(ctx) {
		if err := follow(ctx, client, *prefix, *file); err != nil && ctx.Err() == nil {
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
	text, err := json.Marshal(value{Addr: addr})
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

// follow lists the prefix and then applies its changes, until the watch breaks.
func follow(ctx context.Context, client *clientv3.Client, prefix, file string) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	all, err := read(ctx, client, prefix)
	if err != nil {
		return err
	}
	changes := client.Watch(ctx, prefix,
		clientv3.WithPrefix(), clientv3.WithRev(all.revision+1), clientv3.WithProgressNotify())
	if err := all.write(file); err != nil {
		return err
	}
	for change := range changes {
		isChanged, err := all.apply(change)
		if err != nil {
			return err
		}
		for more := true; more; {
			select {
			case next, isOpen := <-changes:
				if !isOpen {
					return ctx.Err()
				}
				isMore, err := all.apply(next)
				if err != nil {
					return err
				}
				isChanged = isChanged || isMore
			default:
				more = false
			}
		}
		if isChanged {
			if err := all.write(file); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("the watch ended")
}

// read lists the prefix in pages of one revision.
func read(ctx context.Context, client *clientv3.Client, prefix string) (*list, error) {
	all := &list{prefix: prefix, services: map[string]*service{}}
	end := clientv3.GetPrefixRangeEnd(prefix)
	from := prefix
	for {
		options := []clientv3.OpOption{
			clientv3.WithRange(end), clientv3.WithLimit(pageSize),
			clientv3.WithSort(clientv3.SortByKey, clientv3.SortAscend),
		}
		if all.revision > 0 {
			options = append(options, clientv3.WithRev(all.revision))
		}
		page, err := client.Get(ctx, from, options...)
		if err != nil {
			return nil, err
		}
		if all.revision == 0 {
			all.revision, all.cluster = page.Header.Revision, page.Header.ClusterId
		}
		for _, kv := range page.Kvs {
			all.put(kv)
		}
		if !page.More {
			return all, nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

func (all *list) apply(change clientv3.WatchResponse) (bool, error) {
	if err := change.Err(); err != nil {
		return false, err
	}
	for _, event := range change.Events {
		if event.Type == mvccpb.DELETE {
			all.delete(event.Kv)
		} else {
			all.put(event.Kv)
		}
	}
	if len(change.Events) > 0 {
		all.revision = change.Header.Revision
	}
	return len(change.Events) > 0, nil
}

func (all *list) put(kv *mvccpb.KeyValue) {
	name, id, ok := all.split(string(kv.Key))
	if !ok {
		return
	}
	line, err := encode(id, kv)
	if err != nil {
		log.Printf("%s is left out: %v", kv.Key, err)
		all.remove(name, id)
		return
	}
	of := all.services[name]
	if of == nil {
		of = &service{lines: map[string][]byte{}}
		all.services[name] = of
		place := sort.SearchStrings(all.names, name)
		all.names = append(all.names, "")
		copy(all.names[place+1:], all.names[place:])
		all.names[place] = name
	}
	of.lines[id] = line
	of.block = nil
}

func (all *list) delete(kv *mvccpb.KeyValue) {
	if name, id, ok := all.split(string(kv.Key)); ok {
		all.remove(name, id)
	}
}

func (all *list) remove(name, id string) {
	of := all.services[name]
	if of == nil {
		return
	}
	delete(of.lines, id)
	of.block = nil
	if len(of.lines) == 0 {
		delete(all.services, name)
		place := sort.SearchStrings(all.names, name)
		all.names = append(all.names[:place], all.names[place+1:]...)
	}
}

func (all *list) split(key string) (name, id string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(key, all.prefix), "/")
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return "", "", false
	}
	return parts[0], parts[1], true
}

func encode(id string, kv *mvccpb.KeyValue) ([]byte, error) {
	record := value{Addr: string(kv.Value)}
	if bytes.HasPrefix(kv.Value, []byte("{")) {
		record = value{}
		if err := json.Unmarshal(kv.Value, &record); err != nil {
			return nil, err
		}
	}
	host, text, err := net.SplitHostPort(record.Addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	line := entry{
		ID: id, Addr: record.Addr, Address: host, Port: port, Weight: 100,
		Tags: []string{}, Meta: map[string]string{}, State: "up",
		CreateRevision: kv.CreateRevision, ModRevision: kv.ModRevision, Version: kv.Version,
		Lease: fmt.Sprintf("%016x", kv.Lease),
	}
	if ours := record.Discoveryd; ours != nil {
		if ours.Weight != nil {
			line.Weight = *ours.Weight
		}
		if ours.Tags != nil {
			line.Tags = ours.Tags
		}
		if ours.Meta != nil {
			line.Meta = ours.Meta
		}
		if ours.State != "" {
			line.State = ours.State
		}
		line.Zone = ours.Zone
	}
	return json.Marshal(line)
}

// bytes joins what did not change with what did. What it returns is good until the next call, which fills
// the same memory: a new buffer for each change would keep the collector busy.
func (all *list) bytes() ([]byte, error) {
	out := &all.text
	out.Reset()
	fmt.Fprintf(out, `{"schema":1,"cluster_id":"%x","prefix":%q,"revision":%d,"services":{`+"\n",
		all.cluster, all.prefix, all.revision)
	for index, name := range all.names {
		of := all.services[name]
		if of.block == nil {
			if err := of.encode(name); err != nil {
				return nil, err
			}
		}
		if index > 0 {
			out.WriteString(",\n")
		}
		out.Write(of.block)
	}
	out.WriteString("}}\n")
	return out.Bytes(), nil
}

func (of *service) encode(name string) error {
	ids := make([]string, 0, len(of.lines))
	for id := range of.lines {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	title, err := json.Marshal(name)
	if err != nil {
		return err
	}
	block := bytes.NewBuffer(nil)
	block.Write(title)
	block.WriteString(":[\n")
	for index, id := range ids {
		if index > 0 {
			block.WriteString(",\n")
		}
		block.Write(of.lines[id])
	}
	block.WriteString("\n]")
	of.block = block.Bytes()
	return nil
}

// write replaces the file whole: staged beside it, on the disk before it counts, its name as well.
func (all *list) write(file string) error {
	text, err := all.bytes()
	if err != nil {
		return err
	}
	directory := filepath.Dir(file)
	staging := filepath.Join(directory, ".staging")
	if err := os.MkdirAll(staging, 0o700); err != nil {
		return err
	}
	staged := filepath.Join(staging, filepath.Base(file))
	out, err := os.OpenFile(staged, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = out.Chmod(0o644)
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(staged, file)
	}
	if err != nil {
		os.Remove(staged)
		return err
	}
	place, err := os.Open(directory)
	if err != nil {
		return err
	}
	defer place.Close()
	return place.Sync()
}
