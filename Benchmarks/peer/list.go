package main

import (
	"bytes"
	"log"
	"sort"
	"strconv"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/mvcc/mvccpb"
)

// list is the state of the prefix, sorted and encoded.
type list struct {
	prefix   []byte
	revision int64
	byName   map[string]*service
	services []*service
	// head is the file up to its revision.
	head []byte
	// Used again for each file, and each line.
	first []byte
	out   [][]byte
	line  []byte
}

// service is one of the list.
type service struct {
	name   string
	title  []byte // with what ends the service before it
	chunks []*chunk
}

const endOfService = "\n],\n"

func newList(prefix string, cluster uint64, revision int64) *list {
	head := append([]byte(`{"schema":1,"cluster_id":"`), appendHexadecimal(nil, cluster)...)
	head = append(head, `","prefix":"`...)
	head = append(head, inner(prefix)...)
	head = append(head, `","revision":`...)
	return &list{
		prefix: []byte(prefix), revision: revision, byName: map[string]*service{}, head: head,
	}
}

func (all *list) apply(event *clientv3.Event) {
	if event.Type == mvccpb.DELETE {
		if name, id, ok := all.split(event.Kv.Key); ok {
			all.remove(name, id)
		}
	} else {
		all.put(event.Kv)
	}
	all.revision = event.Kv.ModRevision
}

func (all *list) put(kv *mvccpb.KeyValue) {
	name, id, ok := all.split(kv.Key)
	if !ok {
		return
	}
	found, err := readRecord(kv.Value)
	if err != nil {
		log.Printf("%s is left out: %v", kv.Key, err)
		all.remove(name, id)
		return
	}
	of := all.byName[string(name)]
	if of == nil {
		of = all.add(string(name))
	}
	all.line = appendLine(all.line[:0], id, &found, kv)
	of.put(id, all.line)
}

// split takes a key apart, if it is one of an endpoint.
func (all *list) split(key []byte) (name, id []byte, ok bool) {
	rest := bytes.TrimPrefix(key, all.prefix)
	slash := bytes.IndexByte(rest, '/')
	if slash < 1 {
		return nil, nil, false
	}
	name, id = rest[:slash], rest[slash+1:]
	return name, id, len(id) > 0 && bytes.IndexByte(id, '/') < 0
}

func (all *list) add(name string) *service {
	of := &service{name: name, title: []byte(endOfService + `"` + string(inner(name)) + "\":[\n")}
	all.byName[name] = of
	place := all.place(name)
	all.services = append(all.services, nil)
	copy(all.services[place+1:], all.services[place:])
	all.services[place] = of
	return of
}

// place is where the service is, or would be.
func (all *list) place(name string) int {
	if count := len(all.services); count == 0 || all.services[count-1].name < name {
		return count
	}
	return sort.Search(len(all.services), func(n int) bool { return all.services[n].name >= name })
}

func (all *list) remove(name, id []byte) {
	of := all.byName[string(name)]
	if of == nil {
		return
	}
	of.remove(id)
	if len(of.chunks) == 0 {
		delete(all.byName, of.name)
		place := all.place(of.name)
		all.services = append(all.services[:place], all.services[place+1:]...)
	}
}

func (of *service) put(id, line []byte) {
	index, count := holder(of.chunks, id), len(of.chunks)
	isNew := count == 0
	if !isNew && len(of.chunks[index].ids) == linesAChunk {
		place, isThere := of.chunks[index].find(id)
		isNew = place == linesAChunk && index == count-1
		if !isNew && !isThere {
			of.insert(index+1, of.chunks[index].halve())
			index = holder(of.chunks, id)
		}
	}
	if isNew {
		// A first list comes sorted: this leaves its chunks full.
		index = count
		of.insert(index, &chunk{})
	}
	of.chunks[index].put(id, line)
}

func (of *service) insert(index int, added *chunk) {
	of.chunks = append(of.chunks, nil)
	copy(of.chunks[index+1:], of.chunks[index:])
	of.chunks[index] = added
}

func (of *service) remove(id []byte) {
	index := holder(of.chunks, id)
	held := of.chunks[index]
	if place, isThere := held.find(id); isThere {
		held.remove(place)
	}
	if len(held.ids) == 0 {
		of.chunks = append(of.chunks[:index], of.chunks[index+1:]...)
	}
}

// pieces is the file. They are good until the next change.
func (all *list) pieces() [][]byte {
	all.first = append(all.first[:0], all.head...)
	all.first = strconv.AppendInt(all.first, all.revision, 10)
	all.first = append(all.first, ",\"services\":{\n"...)
	out := append(all.out[:0], all.first)
	for index, of := range all.services {
		title := of.title
		if index == 0 {
			title = title[len(endOfService):]
		}
		out = append(out, title)
		for _, held := range of.chunks {
			out = append(out, held.text)
		}
		// No comma after a service's last line.
		last := &out[len(out)-1]
		*last = (*last)[:len(*last)-len(",\n")]
	}
	if len(all.services) > 0 {
		out = append(out, []byte("\n]"))
	}
	all.out = append(out, []byte("}}\n"))
	return all.out
}
