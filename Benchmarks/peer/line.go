package main

import (
	"strconv"

	"go.etcd.io/etcd/mvcc/mvccpb"
)

// appendLine adds an endpoint's line of the list, with what separates it from the next one.
func appendLine(line []byte, id []byte, found *record, kv *mvccpb.KeyValue) []byte {
	line = append(line, `{"id":"`...)
	line = appendText(line, id)
	line = append(line, `","addr":"`...)
	line = append(line, found.addr...)
	line = append(line, `","address":"`...)
	line = append(line, found.host...)
	line = append(line, `","port":`...)
	line = strconv.AppendInt(line, int64(found.port), 10)
	line = append(line, `,"weight":`...)
	line = strconv.AppendInt(line, int64(found.weight), 10)
	if len(found.zone) > 0 {
		line = append(line, `,"zone":"`...)
		line = append(line, found.zone...)
		line = append(line, '"')
	}
	line = append(line, `,"tags":`...)
	line = append(line, found.tags...)
	line = append(line, `,"meta":`...)
	line = append(line, found.meta...)
	line = append(line, `,"state":"`...)
	line = append(line, found.state...)
	line = append(line, `","create_revision":`...)
	line = strconv.AppendInt(line, kv.CreateRevision, 10)
	line = append(line, `,"mod_revision":`...)
	line = strconv.AppendInt(line, kv.ModRevision, 10)
	line = append(line, `,"version":`...)
	line = strconv.AppendInt(line, kv.Version, 10)
	line = append(line, `,"lease":"`...)
	line = appendHexadecimal(line, uint64(kv.Lease))
	return append(line, "\"},\n"...)
}

// appendText adds a text, escaped where it has to be.
func appendText(line, text []byte) []byte {
	for _, c := range text {
		if !isPlain(c) {
			return append(line, inner(string(text))...)
		}
	}
	return append(line, text...)
}

// appendHexadecimal adds sixteen digits.
func appendHexadecimal(line []byte, number uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		line = append(line, "0123456789abcdef"[number>>shift&15])
	}
	return line
}
