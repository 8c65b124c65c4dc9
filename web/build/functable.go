package build

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// The table of the functions (findfunctab in runtime/symtab.go of Go) has a
// row for every 4096 bytes of code: the number of the function that is there,
// and how many functions begin in each sixteenth of it. In wasm every function
// takes 65536 addresses, whatever its size: so the numbers are 0, 1, 2 ...,
// each sixteen times, and all else is zero.
const (
	rowSize      = 20
	rowsShift    = 4 // 16 rows per function
	functionRows = 1 << rowsShift
)

// Instructions of wasm (WebAssembly 2.0, 5.4).
const (
	opLoop     = 0x03
	opEnd      = 0x0b
	opBranchIf = 0x0d
	opGet      = 0x20
	opSet      = 0x21
	opTee      = 0x22
	opLoad     = 0x28
	opStore    = 0x36
	opConst    = 0x41
	opLess     = 0x49
	opAdd      = 0x6a
	opMultiply = 0x6c
	opShift    = 0x76 // to the right
)

// A functionTable says where the table is.
type functionTable struct {
	address int
	rows    uint32
}

func (t functionTable) end() int { return t.address + int(t.rows)*rowSize }

// row returns a row of the table.
func row(n uint32) []byte {
	return binary.LittleEndian.AppendUint32(make([]byte, 0, rowSize), n>>rowsShift)[:rowSize]
}

// findTable returns what has the content of the table: it is not needed to
// know whether it is the table. Without one, it has no rows.
func findTable(memory []byte) functionTable {
	var beginning []byte
	for n := range uint32(4 * functionRows) {
		beginning = append(beginning, row(n)...)
	}
	address := bytes.Index(memory, beginning)
	if address < 0 {
		return functionTable{}
	}
	t := functionTable{address: address}
	for t.end()+rowSize <= len(memory) && bytes.Equal(memory[t.end():t.end()+rowSize], row(t.rows)) {
		t.rows++
	}
	return t
}

// fill returns instructions that write the table: table[n] = n >> rowsShift.
func (t functionTable) fill() []byte {
	if t.rows == 0 {
		return nil
	}
	each := []byte{opGet, 0, opConst, rowSize, opMultiply}
	each = append(each, opGet, 0, opConst, rowsShift, opShift)
	each = appendNumber(append(each, opStore, 2), t.address)
	return countTo(t.rows, each)
}

// The entries of the functions are what the index of the records and the
// records themselves begin with: each is greater by step than the one before.
type functionEntries struct {
	index       int
	first, step uint32
	count       uint32
}

// takeEntries clears the entries in a memory, if they are as expected.
func takeEntries(memory []byte) functionEntries {
	f, err := findFunctions(memory)
	if err != nil || len(f.records) < 2 {
		return functionEntries{}
	}
	//lint:ignore gosec G115: less than there are bytes
	e := functionEntries{index: f.index, first: f.number(f.records[0]), count: uint32(len(f.records))}
	e.step = f.number(f.records[1]) - e.first
	for i, record := range f.records {
		if e.step == 0 || f.number(record) != e.first+uint32(i)*e.step {
			return functionEntries{}
		}
	}
	for i, record := range f.records {
		f.set(record, 0)
		f.set(f.index+8*i, 0)
	}
	return e
}

// fill returns instructions that write the entries:
//
//	index[n].entry = n*step + first
//	(index + index[n].record).entry = n*step + first
func (e functionEntries) fill() []byte {
	if e.count == 0 {
		return nil
	}
	entry := appendSigned([]byte{opGet, 0, opConst}, int(e.step))
	entry = appendSigned(append(entry, opMultiply, opConst), int(e.first))
	entry = append(entry, opAdd, opStore, 2)
	each := append([]byte{opGet, 0, opConst, 8, opMultiply}, entry...)
	each = appendNumber(each, e.index)
	each = append(each, opGet, 0, opConst, 8, opMultiply, opLoad, 2)
	each = append(appendNumber(each, e.index+4), entry...)
	return countTo(e.count, appendNumber(each, e.index))
}

// countTo returns a loop over the numbers less than limit, which is not 0.
func countTo(limit uint32, each []byte) []byte {
	loop := []byte{opConst, 0, opSet, 0, opLoop, 0x40}
	loop = append(loop, each...)
	loop = append(loop, opGet, 0, opConst, 1, opAdd, opTee, 0)
	loop = appendSigned(append(loop, opConst), int(limit))
	return append(loop, opLess, opBranchIf, 0, opEnd)
}

// body returns that of a function with one variable, an i32.
func body(instructions ...[]byte) []byte {
	return append(append([]byte{1, 1, 0x7f}, slices.Concat(instructions...)...), opEnd)
}

// addStart adds a function that runs before all others.
func addStart(sections []section, body []byte) ([]section, error) {
	imported, err := importedFunctions(sections)
	if err != nil {
		return nil, err
	}
	signature, err := appendEntry(sections, typeSection, []byte{0x60, 0, 0}) // no parameters, no results
	if err != nil {
		return nil, err
	}
	function, err := appendEntry(sections, functionSection, binary.AppendUvarint(nil, signature))
	if err != nil {
		return nil, err
	}
	body = append(appendNumber(nil, len(body)), body...)
	if _, err := appendEntry(sections, codeSection, body); err != nil {
		return nil, err
	}
	start := section{startSection, binary.AppendUvarint(nil, imported+function)}
	at := slices.IndexFunc(sections, func(s section) bool { return s.id >= startSection })
	if sections[at].id == startSection {
		return nil, fmt.Errorf("%w: something starts already", errWasm)
	}
	return slices.Insert(sections, at, start), nil
}

// appendEntry appends an entry to the list that is the content of a section,
// and returns its place in the list.
func appendEntry(sections []section, id uint64, entry []byte) (uint64, error) {
	at := slices.IndexFunc(sections, func(s section) bool { return s.id == id })
	if at < 0 {
		return 0, fmt.Errorf("%w: no section %d", errWasm, id)
	}
	r := &reader{rest: sections[at].content}
	count := r.number()
	sections[at].content = slices.Concat(binary.AppendUvarint(nil, count+1), r.rest, entry)
	return count, r.err
}

// importedFunctions returns how many functions are imported; they are counted
// before the others. Go imports nothing else.
func importedFunctions(sections []section) (uint64, error) {
	at := slices.IndexFunc(sections, func(s section) bool { return s.id == importSection })
	if at < 0 {
		return 0, nil
	}
	r := &reader{rest: sections[at].content}
	count := r.number()
	for range count {
		r.bytes(r.number()) // module
		r.bytes(r.number()) // name
		r.expect(0)         // a function
		r.number()          // its type
		if r.err != nil {
			break
		}
	}
	return count, r.err
}
