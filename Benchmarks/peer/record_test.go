package main

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"
)

var samples = []string{
	`{"Op":0,"Addr":"10.0.0.1:80","discoveryd":{"schema":1,"service":"s0","id":"i0","owner":"0123456789abcdef",` +
		`"weight":100,"zone":"a","tags":["blue","x"],"meta":{"build":"7","version":"1.2"},"state":"up"}}`,
	`{"Op":0,"Addr":"[2001:db8::1]:80","discoveryd":{"weight":0,"tags":[],"meta":{},"state":"draining"}}`,
	`{"Op":0,"Addr":"web.example:8080","Metadata":null}`,
	`10.0.0.1:80`,
	`{"Addr":"10.0.0.1:80","discoveryd":{"zone":"a<b>&\u00e4","meta":{"b":"1","a":"2"}}}`,
}

// Whatever the scanner reads, encoding/json has to read alike.
func TestScannerAgreesWithDecoder(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	read := 0
	for n := 0; n < 300000; n++ {
		text := []byte(samples[n%len(samples)])
		if n >= len(samples) {
			for changes := 1 + random.Intn(2); changes > 0; changes-- {
				text[random.Intn(len(text))] = samples[0][random.Intn(len(samples[0]))]
			}
		}
		found := record{weight: 100, state: isUp, tags: noTags, meta: noMeta}
		s := scanner{text: text}
		if !s.record(&found) || !found.split() {
			continue
		}
		read++
		want, err := decodeRecord(text)
		if err != nil || !reflect.DeepEqual(said(found), said(want)) {
			t.Fatalf("%s: scanner %v, decoder %v %v", text, said(found), said(want), err)
		}
	}
	if read < 10000 {
		t.Fatalf("the scanner read only %d", read)
	}
}

// said is a record with its tags and its meta decoded: the scanner may keep what is the same when read.
func said(found record) []interface{} {
	var tags, meta interface{}
	if json.Unmarshal(found.tags, &tags) != nil || json.Unmarshal(found.meta, &meta) != nil {
		return nil
	}
	return []interface{}{
		string(found.addr), string(found.host), found.port, found.weight,
		string(found.zone), string(found.state), tags, meta,
	}
}
