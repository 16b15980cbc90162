package main

import "sort"

// linesAChunk is small enough that an edit moves few bytes, and large enough that the kernel is given few pieces.
const linesAChunk = 64

// chunk is a run of lines of one service, sorted by their ids and encoded back to back.
type chunk struct {
	ids  []string
	ends []int
	text []byte
}

// find is where the id is, or would be.
func (c *chunk) find(id []byte) (place int, isThere bool) {
	low, high := 0, len(c.ids)
	for low < high {
		middle := (low + high) / 2
		if c.ids[middle] < string(id) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(c.ids) && c.ids[low] == string(id)
}

func (c *chunk) start(place int) int {
	if place == 0 {
		return 0
	}
	return c.ends[place-1]
}

// put adds the line, or puts it in the place of the one with its id.
func (c *chunk) put(id, line []byte) {
	place, isThere := c.find(id)
	start, end := c.start(place), c.start(place)
	if isThere {
		end = c.ends[place]
	} else {
		c.ids = append(c.ids, "")
		copy(c.ids[place+1:], c.ids[place:])
		c.ids[place] = string(id)
		c.ends = append(c.ends, 0)
		copy(c.ends[place+1:], c.ends[place:])
		c.ends[place] = start
	}
	c.splice(start, end, line)
	for n := place; n < len(c.ends); n++ {
		c.ends[n] += len(line) - (end - start)
	}
}

// remove takes a line out.
func (c *chunk) remove(place int) {
	start, end := c.start(place), c.ends[place]
	c.splice(start, end, nil)
	c.ids = append(c.ids[:place], c.ids[place+1:]...)
	c.ends = append(c.ends[:place], c.ends[place+1:]...)
	for n := place; n < len(c.ends); n++ {
		c.ends[n] -= end - start
	}
}

// splice puts bytes in the place of others. Most changes leave a line as long as it was: nothing moves.
func (c *chunk) splice(start, end int, with []byte) {
	before := len(c.text)
	after := before + len(with) - (end - start)
	if after > cap(c.text) {
		larger := make([]byte, before, after+after/2)
		copy(larger, c.text)
		c.text = larger
	}
	if after != before {
		c.text = c.text[:max(before, after)]
		copy(c.text[start+len(with):], c.text[end:before])
		c.text = c.text[:after]
	}
	copy(c.text[start:], with)
}

// halve moves the second half into a chunk of its own.
func (c *chunk) halve() *chunk {
	middle := len(c.ids) / 2
	start := c.start(middle)
	second := &chunk{
		ids:  append([]string(nil), c.ids[middle:]...),
		ends: make([]int, 0, linesAChunk),
		text: append([]byte(nil), c.text[start:]...),
	}
	for _, end := range c.ends[middle:] {
		second.ends = append(second.ends, end-start)
	}
	for n := middle; n < len(c.ids); n++ {
		c.ids[n] = ""
	}
	c.ids, c.ends, c.text = c.ids[:middle], c.ends[:middle], c.text[:start]
	return second
}

// holder is the index of the chunk that holds the id, or that it would be put into.
func holder(chunks []*chunk, id []byte) int {
	after := sort.Search(len(chunks), func(n int) bool { return chunks[n].ids[0] > string(id) })
	return max(after-1, 0)
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}
