package build

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// This file takes from the memory of a program what stack traces alone ask for
// and what compresses badly: which line of the source each address is of
// (docs/decisions). A trace then says where the functions begin that are in it;
// cuts has what the runtime does for that.
//
// The format is that of internal/abi/symtab.go, and pcHeader and _func in the
// runtime of Go. A record of a function names tables of values by address.

// pcHeader is the beginning of the tables: their version (abi.Go120PCLnTabMagic),
// two zeros, the sizes of an instruction and of a pointer.
var pcHeader = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// The words of the header, of 8 bytes, that are of interest.
const (
	wordFunctions = 1 // how many there are
	wordTables    = 7 // where the tables of values are; after all other names
	wordRecords   = 8 // where the records are, behind an index of them
	headerSize    = 9 * 8
)

// Members of a record.
const (
	recordSPTable    = 16
	recordFileTable  = 20
	recordLineTable  = 24
	recordTables     = 28 // how many more there are
	recordData       = 43 // how many of the other data there are, in a byte
	recordSize       = 44 // tables, and then data, come after it
	tableUnsafePoint = 0  // where a function may be interrupted: nowhere in wasm
	tableArgLive     = 3  // which arguments a trace can show
	dataArgInfo      = 5  // what arguments there are
	dataArgLive      = 6
	noData           = 1<<32 - 1
)

// dropLines returns a wasm that does what the given one does, but for traces.
func dropLines(wasm []byte) ([]byte, error) {
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
	f, err := findFunctions(memory)
	if err != nil {
		return nil, err
	}
	if err := f.dropLines(); err != nil {
		return nil, err
	}
	sections[data].content = writeMemory(memory)
	return writeSections(wasm[:8], sections), nil
}

// functions are the records of a program and their tables.
type functions struct {
	memory  []byte
	tables  []byte // that part of the memory
	index   int    // the address of the index of the records
	records []int  // addresses
}

// findFunctions finds the one header that is followed by what it says.
func findFunctions(memory []byte) (*functions, error) {
	for at := 0; ; at++ {
		next := bytes.Index(memory[at:], pcHeader)
		if next < 0 {
			return nil, fmt.Errorf("%w: no table of functions", errWasm)
		}
		at += next
		if f := readFunctions(memory, at); f != nil {
			return f, nil
		}
	}
}

func readFunctions(memory []byte, header int) *functions {
	if len(memory)-header < headerSize {
		return nil
	}
	limit := uint64(len(memory) - header)
	word := func(n int) uint64 { return binary.LittleEndian.Uint64(memory[header+8*n:]) }
	count, tables, records := word(wordFunctions), word(wordTables), word(wordRecords)
	if count == 0 || count > limit/recordSize || tables < headerSize || tables > records || records > limit || limit-records < 8*count {
		return nil
	}
	//lint:ignore gosec G115: all are less than limit
	index, first := header+int(records), header+int(tables)
	f := &functions{memory: memory, tables: memory[first:index], index: index}
	//lint:ignore gosec G115: less than limit
	for i := range int(count) {
		entry, record := f.number(index+8*i), index+int(f.number(index+8*i+4))
		if record > len(memory)-recordSize || f.number(record) != entry ||
			f.number(record+recordTables) > 16 || f.data(record, int(memory[record+recordData])) > len(memory) {
			return nil
		}
		f.records = append(f.records, record)
	}
	return f
}

func (f *functions) number(at int) uint32 { return binary.LittleEndian.Uint32(f.memory[at:]) }

func (f *functions) set(at int, n uint32) { binary.LittleEndian.PutUint32(f.memory[at:], n) }

// data returns the address of an entry of the data of a record.
func (f *functions) data(record, n int) int {
	return record + recordSize + 4*(int(f.number(record+recordTables))+n)
}

// dropLines writes the tables anew, without those that are not needed.
func (f *functions) dropLines() error {
	tables := &tableWriter{old: f.tables, kept: []byte{0}, known: map[string]uint32{}} // 0 stands for no table
	for _, record := range f.records {
		f.set(record+recordSPTable, tables.keep(f.number(record+recordSPTable)))
		f.set(record+recordFileTable, tables.keepFirst(f.number(record+recordFileTable)))
		f.set(record+recordLineTable, 0)
		for i := range int(f.number(record + recordTables)) {
			at := record + recordSize + 4*i
			if i == tableUnsafePoint || i == tableArgLive {
				f.set(at, 0)
			} else {
				f.set(at, tables.keep(f.number(at)))
			}
		}
		for i := range int(f.memory[record+recordData]) {
			if i == dataArgInfo || i == dataArgLive {
				f.set(f.data(record, i), noData)
			}
		}
	}
	if tables.err != nil || len(tables.kept) > len(f.tables) {
		return fmt.Errorf("%w: tables of functions", errWasm)
	}
	clear(f.tables[copy(f.tables, tables.kept):])
	return nil
}

// A tableWriter collects tables of values by address: pairs of numbers, of
// which the first is how much greater the value is, and the second for how many
// addresses. A zero ends a table, unless it is the first number.
type tableWriter struct {
	old, kept []byte
	known     map[string]uint32 // where a table is among those kept
	err       error
}

// keep returns where a table is from now on.
func (w *tableWriter) keep(at uint32) uint32 {
	table, _ := w.read(at)
	return w.add(table)
}

// keepFirst keeps the first value of a table, for all addresses.
func (w *tableWriter) keepFirst(at uint32) uint32 {
	table, first := w.read(at)
	if len(table) == 0 {
		return 0
	}
	return w.add(append(binary.AppendUvarint(slices.Clone(table[:first]), 1<<16), 0))
}

// read returns a table, and the length of its first number.
func (w *tableWriter) read(at uint32) (table []byte, first int) {
	if at == 0 {
		return nil, 0
	}
	if uint64(at) >= uint64(len(w.old)) {
		w.err = errWasm
		return nil, 0
	}
	r := &reader{rest: w.old[at:]}
	for r.err == nil {
		value := r.number()
		if first == 0 {
			first = len(w.old[at:]) - len(r.rest)
		} else if value == 0 {
			break
		}
		r.number()
	}
	if r.err != nil {
		w.err = r.err
		return nil, 0
	}
	return w.old[at : len(w.old)-len(r.rest)], first
}

func (w *tableWriter) add(table []byte) uint32 {
	if len(table) == 0 {
		return 0
	}
	at, ok := w.known[string(table)]
	if !ok {
		//lint:ignore gosec G115: it has room in the memory
		at = uint32(len(w.kept))
		w.known[string(table)] = at
		w.kept = append(w.kept, table...)
	}
	return at
}
