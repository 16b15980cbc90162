package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/mvcc/mvccpb"
)

// After any changes the file has the lines of all keys, in order, with the commas where JSON wants them.
func TestListIsWhatAFreshOneWouldBe(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	all, keys := newList("services/", 1, 1), map[string]*mvccpb.KeyValue{}
	for n := int64(1); n <= 20000; n++ {
		name := fmt.Sprintf("services/s%d/i%d", random.Intn(3), random.Intn(1500))
		kv := &mvccpb.KeyValue{Key: []byte(name), CreateRevision: 1, ModRevision: n, Version: 1,
			Value: []byte(fmt.Sprintf("host%s:80", strings.Repeat("x", random.Intn(9))))}
		event := &clientv3.Event{Type: mvccpb.PUT, Kv: kv}
		keys[name] = kv
		if random.Intn(3) == 0 || n > 19000 && len(keys) > 3 {
			event.Type = mvccpb.DELETE
			delete(keys, name)
		}
		all.apply(event)
		if n%500 == 0 {
			if got, want := text(all), fresh(keys, all.revision); got != want {
				t.Fatalf("after %d changes:\n%s\nwanted:\n%s", n, got, want)
			}
		}
	}
}

func text(all *list) string {
	return string(bytes.Join(all.pieces(), nil))
}

func fresh(keys map[string]*mvccpb.KeyValue, revision int64) string {
	services := map[string][]string{}
	for key := range keys {
		parts := strings.Split(key, "/")
		services[parts[1]] = append(services[parts[1]], parts[2])
	}
	var blocks []string
	for name, ids := range services {
		sort.Strings(ids)
		var lines []string
		for _, id := range ids {
			kv := keys["services/"+name+"/"+id]
			found, _ := decodeRecord(kv.Value)
			lines = append(lines, strings.TrimSuffix(string(appendLine(nil, []byte(id), &found, kv)), ",\n"))
		}
		blocks = append(blocks, fmt.Sprintf("%q:[\n%s\n]", name, strings.Join(lines, ",\n")))
	}
	sort.Strings(blocks)
	return fmt.Sprintf(`{"schema":1,"cluster_id":"0000000000000001","prefix":"services/","revision":%d,"services":{`+
		"\n%s}}\n", revision, strings.Join(blocks, ",\n"))
}
