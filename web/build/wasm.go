package build

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// This file rewrites what the Go linker wrote so that it is a tenth smaller and
// does the same (docs/decisions). The linker starts a new segment of memory
// after every few zero bytes, a hundred thousand of them, most of them in one
// table that can be computed.

// The sections of a wasm that are of interest, in the order in which they
// stand in a file (WebAssembly 2.0, 5.5).
const (
	typeSection     = 1
	importSection   = 2
	functionSection = 3
	startSection    = 8
	codeSection     = 10
	dataSection     = 11
)

// maxMemory bounds the memory that segments may fill, in bytes.
const maxMemory = 64 << 20

// minGap is the least number of zero bytes between two segments.
const minGap = 64

var errWasm = errors.New("not a wasm as Go writes it")

// A section is a part of a wasm.
type section struct {
	id      uint64
	content []byte
}

// compact returns a wasm that does what the given one does, which Go wrote.
func compact(wasm []byte) ([]byte, error) {
	sections, err := readSections(wasm)
	if err != nil {
		return nil, err
	}
	data := slices.IndexFunc(sections, func(s section) bool { return s.id == dataSection })
	if data < 0 {
		return nil, fmt.Errorf("%w: no data", errWasm)
	}
	memory, err := readMemory(sections[data].content)
	if err != nil {
		return nil, err
	}
	table := findTable(memory)
	clear(memory[table.address:table.end()])
	loops := [][]byte{table.fill(), takeEntries(memory).fill()}
	sections[data].content = writeMemory(memory)
	if loops[0] != nil || loops[1] != nil {
		if sections, err = addStart(sections, body(loops...)); err != nil {
			return nil, err
		}
	}
	return writeSections(wasm[:8], sections), nil
}

func readSections(wasm []byte) ([]section, error) {
	if len(wasm) < 8 || string(wasm[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, fmt.Errorf("%w: no header", errWasm)
	}
	var sections []section
	r := &reader{rest: wasm[8:]}
	for len(r.rest) > 0 && r.err == nil {
		sections = append(sections, section{id: r.number(), content: r.bytes(r.number())})
	}
	return sections, r.err
}

func writeSections(header []byte, sections []section) []byte {
	out := slices.Clone(header)
	for _, s := range sections {
		out = binary.AppendUvarint(out, s.id)
		out = append(appendNumber(out, len(s.content)), s.content...)
	}
	return out
}

// readMemory returns the memory that the segments of a data section fill.
func readMemory(content []byte) ([]byte, error) {
	var memory []byte
	r := &reader{rest: content}
	for range r.number() {
		r.expect(0, opConst)
		address := r.number()
		r.expect(opEnd)
		data := r.bytes(r.number())
		if r.err != nil {
			return nil, r.err
		}
		end := address + uint64(len(data))
		if address > maxMemory || end > maxMemory {
			return nil, fmt.Errorf("%w: too much data", errWasm)
		}
		if more := int(end) - len(memory); more > 0 {
			memory = append(memory, make([]byte, more)...)
		}
		copy(memory[address:], data)
	}
	return memory, r.err
}

// writeMemory is the reverse of [readMemory].
func writeMemory(memory []byte) []byte {
	var segments uint64
	var out []byte
	for start := 0; start < len(memory); {
		if memory[start] == 0 {
			start++
			continue
		}
		end := start + 1 // of the segment; it ends with a byte that is not zero
		for i := end; i < len(memory) && i-end < minGap; i++ {
			if memory[i] != 0 {
				end = i + 1
			}
		}
		segments++
		out = appendSigned(append(out, 0, opConst), start)
		out = appendNumber(append(out, opEnd), end-start)
		out = append(out, memory[start:end]...)
		start = end
	}
	return append(binary.AppendUvarint(nil, segments), out...)
}

// appendNumber appends a number that is not negative.
func appendNumber(out []byte, n int) []byte {
	//lint:ignore gosec G115: it is not negative
	return binary.AppendUvarint(out, uint64(n))
}

// appendSigned is [appendNumber] for where signed numbers stand.
func appendSigned(out []byte, n int) []byte {
	out = appendNumber(out, n)
	if last := len(out) - 1; out[last]&0x40 != 0 { // would be the sign
		out[last] |= 0x80
		out = append(out, 0)
	}
	return out
}

// A reader takes a section apart. After an error it returns zeros.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) number() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	data := r.rest[:n]
	r.rest = r.rest[n:]
	return data
}

func (r *reader) expect(want ...byte) {
	if got := r.bytes(uint64(len(want))); r.err == nil && !slices.Equal(got, want) {
		r.fail()
	}
}

func (r *reader) fail() {
	r.rest, r.err = nil, fmt.Errorf("%w: not as expected or cut off", errWasm)
}
