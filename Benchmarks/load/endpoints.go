package main

import (
	"fmt"
	"strconv"
	"strings"
)

// endpoints are the keys and values of a registry.
type endpoints struct {
	prefix, name    string
	services, count int
	size            int
	seed            uint64
}

// key of an endpoint; as many neighbours as fit share a service.
func (of *endpoints) key(number int) []byte {
	service := of.name
	if of.services > 0 {
		service += strconv.Itoa(number / ((of.count + of.services - 1) / of.services))
	}
	return []byte(of.prefix + service + "/i" + strconv.Itoa(number))
}

// value as discoveryd writes it, of the n-th put of a key: address and weight are other than in the last one.
func (of *endpoints) value(key []byte, put uint64) []byte {
	parts := strings.Split(strings.TrimPrefix(string(key), of.prefix), "/")
	random := mix(of.seed ^ mix(put))
	return []byte(fmt.Sprintf(`{"Op":0,"Addr":"10.%d.%d.%d:%d","discoveryd":{"schema":1,"service":"%s","id":"%s",`+
		`"owner":"0123456789abcdef0123456789abcdef","weight":%d,"zone":"a","tags":["blue"],`+
		`"meta":{%s"version":"1.2"},"state":"up"}}`,
		random&255, random>>8&255, random>>16&255, 1024+random>>24&32767, parts[0], parts[1],
		1+put%60000, of.padding(random)))
}

// padding is meta of about the size that is asked for, within what discoveryd accepts: 64 entries of 1,024 bytes.
func (of *endpoints) padding(random uint64) string {
	var text strings.Builder
	for entry, left := 0, of.size; left > 0 && entry < 63; entry++ {
		size := left
		if size > 1000 {
			size = 1000
		}
		random = mix(random)
		fmt.Fprintf(&text, `"m%02d":"%s",`, entry, strings.Repeat(fmt.Sprintf("%016x", random), size/16+1)[:size])
		left -= size + len(`"m00":"",`)
	}
	return text.String()
}

// pick is the endpoint that the n-th put goes to.
func (of *endpoints) pick(put uint64) int {
	return int(mix(of.seed+put) % uint64(of.count))
}

// mix spreads the bits of a number (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
