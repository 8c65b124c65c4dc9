package build

import (
	"errors"
	"slices"
	"testing"
)

// TestDropLines compares what is left of the tables of a small program.
func TestDropLines(t *testing.T) {
	wasm, err := compileHere(t)
	if err != nil {
		t.Fatal(err)
	}
	dropped, err := dropLines(wasm)
	if err != nil {
		t.Fatal(err)
	}
	before, after := functionsOf(t, wasm), functionsOf(t, dropped)
	if len(before.records) < 1000 || !slices.Equal(before.records, after.records) {
		t.Fatalf("%d functions became %d", len(before.records), len(after.records))
	}
	lines := 0
	for i, record := range before.records {
		if before.number(record+recordLineTable) != 0 {
			lines++
		}
		if after.number(record+recordLineTable) != 0 {
			t.Fatalf("function %d still has lines", i)
		}
		if got, want := after.values(t, record+recordFileTable), before.values(t, record+recordFileTable); len(want) > 0 &&
			!slices.Equal(got, []uint64{want[0], 1 << 16}) {
			t.Fatalf("function %d: file %v, want the first of %v", i, got, want)
		}
		kept := []int{record + recordSPTable}
		for table := range int(before.number(record + recordTables)) {
			if table != tableUnsafePoint && table != tableArgLive {
				kept = append(kept, record+recordSize+4*table)
			}
		}
		for _, at := range kept {
			if got, want := after.values(t, at), before.values(t, at); !slices.Equal(got, want) {
				t.Fatalf("function %d: the table at %d is %v, was %v", i, at-record, got, want)
			}
		}
		for n := range int(before.memory[record+recordData]) {
			want := before.number(before.data(record, n))
			if n == dataArgInfo || n == dataArgLive {
				want = noData
			}
			if got := after.number(after.data(record, n)); got != want {
				t.Fatalf("function %d: data %d is %d, want %d", i, n, got, want)
			}
		}
	}
	if lines < 1000 {
		t.Errorf("%d functions had lines", lines)
	}
	// All else is as it was.
	tables := before.tables
	for i := range before.memory {
		if &before.memory[i] == &tables[0] {
			clear(before.memory[i : i+len(tables)])
			clear(after.memory[i : i+len(tables)])
		}
	}
	for _, record := range before.records {
		for _, f := range []*functions{before, after} {
			end := f.data(record, int(f.memory[record+recordData]))
			clear(f.memory[record+recordSPTable : record+recordTables])
			clear(f.memory[record+recordSize : end])
		}
	}
	if !slices.Equal(before.memory, after.memory) {
		t.Error("the rest of the memory differs")
	}
}

// TestDropLinesWrong has memories that are none of a program as Go writes it.
func TestDropLinesWrong(t *testing.T) {
	wasm, err := compileHere(t)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(f *functions){
		"no header":         func(f *functions) { clear(f.memory) },
		"another entry":     func(f *functions) { f.set(f.records[7], 1) },
		"a table elsewhere": func(f *functions) { f.set(f.records[7]+recordSPTable, 1<<31) },
		"a table without an end": func(f *functions) {
			f.set(f.records[7]+recordSPTable, uint32(len(f.tables)-1))
			f.tables[len(f.tables)-1] = 0x80
		},
		"too many tables": func(f *functions) { f.set(f.records[7]+recordTables, 1<<31) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			f := functionsOf(t, wasm)
			change(f)
			found, err := findFunctions(f.memory)
			if err == nil {
				err = found.dropLines()
			}
			if !errors.Is(err, errWasm) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func functionsOf(t *testing.T, wasm []byte) *functions {
	t.Helper()
	memory, err := readMemory(content(t, wasm, dataSection))
	if err != nil {
		t.Fatal(err)
	}
	f, err := findFunctions(memory)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// values returns the pairs of the table whose place stands at an address.
func (f *functions) values(t *testing.T, at int) (pairs []uint64) {
	t.Helper()
	place := f.number(at)
	if place == 0 {
		return nil
	}
	r := &reader{rest: f.tables[place:]}
	for {
		value := r.number()
		if value == 0 && len(pairs) > 0 {
			break
		}
		pairs = append(pairs, value, r.number())
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
	return pairs
}
