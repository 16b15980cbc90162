package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
)

// record is what a value says. Its texts are JSON without the quotes, as they stand in the value: they go into
// the list without being decoded.
type record struct {
	addr, host  []byte
	port        int
	weight      int
	zone, state []byte
	tags, meta  []byte // with their brackets
}

var (
	noTags = []byte("[]")
	noMeta = []byte("{}")
	isUp   = []byte("up")
)

// readRecord reads a record of discoveryd or of Go's naming, or a bare address.
func readRecord(value []byte) (record, error) {
	found := record{weight: 100, state: isUp, tags: noTags, meta: noMeta}
	if s := (scanner{text: value}); s.record(&found) && found.split() {
		return found, nil
	}
	return decodeRecord(value)
}

// split finds host and port, unless that takes a closer look.
func (r *record) split() bool {
	colon := bytes.LastIndexByte(r.addr, ':')
	if colon < 1 || bytes.IndexAny(r.addr[:colon], ":[]%") >= 0 {
		return false
	}
	s := scanner{text: r.addr, at: colon + 1}
	port, ok := s.number()
	r.host, r.port = r.addr[:colon], port
	return ok && s.at == len(s.text)
}

// scanner goes over the bytes of a record once. Its methods return false where something is unusual (white
// space, escapes, members it does not know or sees twice, names out of order), which decodeRecord reads.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) record(found *record) bool {
	seen := 0
	return s.members(func(name []byte) (ok bool) {
		bit := 0
		switch string(name) {
		case "Op":
			bit = 1
			_, ok = s.number()
		case "Addr":
			bit = 2
			found.addr, ok = s.word()
		case "discoveryd":
			bit = 4
			ok = s.details(found)
		}
		ok = ok && seen&bit == 0
		seen |= bit
		return ok
	}) && s.at == len(s.text)
}

func (s *scanner) details(found *record) bool {
	seen := 0
	return s.members(func(name []byte) (ok bool) {
		bit := 0
		switch string(name) {
		case "schema":
			bit = 1
			_, ok = s.number()
		case "service", "id", "owner":
			_, ok = s.word()
		case "weight":
			bit = 2
			found.weight, ok = s.number()
		case "zone":
			bit = 4
			found.zone, ok = s.word()
		case "tags":
			bit = 8
			found.tags, ok = s.tags()
		case "meta":
			bit = 16
			found.meta, ok = s.meta()
		case "state":
			bit = 32
			found.state, ok = s.word()
			ok = ok && len(found.state) > 0
		}
		ok = ok && seen&bit == 0
		seen |= bit
		return ok
	})
}

// members reads an object; what is given reads the value of each member.
func (s *scanner) members(value func(name []byte) bool) bool {
	if !s.skip('{') {
		return false
	}
	for {
		name, ok := s.word()
		if !ok || !s.skip(':') || !value(name) {
			return false
		}
		if !s.skip(',') {
			return s.skip('}')
		}
	}
}

// tags reads an array of texts and returns all of it.
func (s *scanner) tags() ([]byte, bool) {
	start := s.at
	if !s.skip('[') {
		return nil, false
	}
	for !s.skip(']') {
		if s.at > start+1 && !s.skip(',') {
			return nil, false
		}
		if _, ok := s.word(); !ok {
			return nil, false
		}
	}
	return s.text[start:s.at], true
}

// meta reads an object of texts, sorted by their names, and returns all of it.
func (s *scanner) meta() ([]byte, bool) {
	start := s.at
	if s.skip('{') && s.skip('}') {
		return s.text[start:s.at], true
	}
	s.at = start
	var last []byte
	ok := s.members(func(name []byte) bool {
		isNext := last == nil || bytes.Compare(last, name) < 0
		last = name
		_, isText := s.word()
		return isNext && isText
	})
	return s.text[start:s.at], ok
}

func (s *scanner) skip(what byte) bool {
	if s.at < len(s.text) && s.text[s.at] == what {
		s.at++
		return true
	}
	return false
}

// word reads a text of printable ASCII without escapes.
func (s *scanner) word() ([]byte, bool) {
	if !s.skip('"') {
		return nil, false
	}
	start := s.at
	for ; s.at < len(s.text) && isPlain(s.text[s.at]); s.at++ {
	}
	text := s.text[start:s.at]
	return text, s.skip('"')
}

func isPlain(c byte) bool {
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
}

// number reads a whole number of up to five digits.
func (s *scanner) number() (int, bool) {
	start, n := s.at, 0
	for ; s.at < len(s.text) && s.text[s.at]-'0' < 10; s.at++ {
		n = n*10 + int(s.text[s.at]-'0')
		if s.at-start == 5 {
			return 0, false
		}
	}
	return n, s.at > start && (s.text[start] != '0' || s.at == start+1)
}

// decodeRecord reads whatever encoding/json can read.
func decodeRecord(text []byte) (record, error) {
	var value struct {
		Addr       string
		Discoveryd *struct {
			Weight *int              `json:"weight"`
			Zone   string            `json:"zone"`
			Tags   []string          `json:"tags"`
			Meta   map[string]string `json:"meta"`
			State  string            `json:"state"`
		} `json:"discoveryd"`
	}
	if bytes.HasPrefix(text, []byte("{")) {
		if err := json.Unmarshal(text, &value); err != nil {
			return record{}, err
		}
	} else {
		value.Addr = string(text)
	}
	host, digits, err := net.SplitHostPort(value.Addr)
	if err != nil {
		return record{}, err
	}
	port, err := strconv.Atoi(digits)
	if err != nil {
		return record{}, fmt.Errorf("port: %w", err)
	}
	found := record{
		addr: inner(value.Addr), host: inner(host), port: port,
		weight: 100, state: isUp, tags: noTags, meta: noMeta,
	}
	if ours := value.Discoveryd; ours != nil {
		if ours.Weight != nil {
			found.weight = *ours.Weight
		}
		if ours.Tags != nil {
			found.tags = encoded(ours.Tags)
		}
		if ours.Meta != nil {
			found.meta = encoded(ours.Meta)
		}
		if ours.State != "" {
			found.state = inner(ours.State)
		}
		found.zone = inner(ours.Zone)
	}
	return found, nil
}

// encoded is JSON as discoveryd writes it: without the escapes that only HTML needs.
func encoded(value interface{}) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // texts, lists and maps of texts can always be encoded
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// inner is a text in JSON without its quotes.
func inner(text string) []byte {
	quoted := encoded(text)
	return quoted[1 : len(quoted)-1]
}
