package build

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// TestCompact compares the memory of a small program before and after.
func TestCompact(t *testing.T) {
	before, err := compileHere(t)
	if err != nil {
		t.Fatal(err)
	}
	after, err := compact(before)
	if err != nil {
		t.Fatal(err)
	}
	if len(after) > len(before)*19/20 {
		t.Errorf("%d bytes became %d: the table was not found", len(before), len(after))
	}
	if f := functionsOf(t, after); f.number(f.records[9]) != 0 {
		t.Error("the entries of the functions were not taken")
	}
	if !bytes.Equal(started(t, after), started(t, before)) {
		t.Error("the memory of the program differs")
	}
	code := content(t, before, codeSection)
	_, length := binary.Uvarint(code) // how many there are
	if !bytes.Contains(content(t, after, codeSection), code[length:]) {
		t.Error("the functions differ")
	}
	again, err := compact(slices.Concat(after))
	if err != nil || !bytes.Equal(again, after) {
		t.Errorf("compacting again changed something (error: %v)", err)
	}
}

// started returns the memory of a program when its own code begins.
func started(t *testing.T, wasm []byte) []byte {
	t.Helper()
	memory, err := readMemory(content(t, wasm, dataSection))
	if err != nil {
		t.Fatal(err)
	}
	start := content(t, wasm, startSection)
	if start == nil {
		return memory
	}
	sections, err := readSections(wasm)
	if err != nil {
		t.Fatal(err)
	}
	imported, err := importedFunctions(sections)
	if err != nil {
		t.Fatal(err)
	}
	place, _ := binary.Uvarint(start)
	r := &reader{rest: content(t, wasm, codeSection)}
	if last := r.number() - 1; place != imported+last {
		t.Fatalf("function %d starts, the one added is %d", place, imported+last)
	}
	for range place - imported {
		r.bytes(r.number())
	}
	return run(t, r.bytes(r.number()), memory)
}

// run runs the body of a function that has one variable, and loops that are not
// in others.
func run(t *testing.T, body, memory []byte) []byte {
	t.Helper()
	m := &machine{memory: memory}
	r := &reader{rest: body}
	r.expect(1, 1, 0x7f)
	var loop []byte
	for r.err == nil {
		op := r.bytes(1)[0]
		switch {
		case op == opEnd && len(r.rest) == 0:
			return m.memory
		case op == opEnd:
		case op == opLoop:
			r.expect(0x40)
			loop = r.rest
		case op == opBranchIf && m.pop() != 0:
			r.rest = loop
		case op == opBranchIf:
			r.expect(0)
		case !m.do(op, r):
			t.Fatalf("unknown instruction %#x", op)
		}
	}
	t.Fatal(r.err)
	return nil
}

// A machine does the instructions that such a function has.
type machine struct {
	memory   []byte
	variable uint64
	stack    []uint64
}

func (m *machine) push(n uint64) { m.stack = append(m.stack, n) }

func (m *machine) pop() uint64 {
	top := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return top
}

// do does one instruction, if it knows it, with the operands in r.
func (m *machine) do(op byte, r *reader) bool {
	var operand uint64
	if slices.Contains([]byte{opGet, opSet, opTee, opConst, opLoad, opStore}, op) {
		operand = r.number()
	}
	switch op {
	case opGet:
		m.push(m.variable)
	case opTee:
		m.variable = m.stack[len(m.stack)-1]
	case opSet:
		m.variable = m.pop()
	case opConst:
		m.push(operand)
	case opLoad:
		m.push(uint64(binary.LittleEndian.Uint32(m.memory[m.pop()+r.number():])))
	case opAdd:
		m.push(m.pop() + m.pop())
	case opMultiply:
		m.push(m.pop() * m.pop())
	case opShift:
		by := m.pop()
		m.push(m.pop() >> by)
	case opLess:
		limit := m.pop()
		m.push(min(1, limit-min(limit, m.pop()))) // 1 if it is less
	case opStore:
		value := m.pop()
		address := m.pop() + r.number()
		for uint64(len(m.memory)) < address+4 {
			m.memory = append(m.memory, 0)
		}
		binary.LittleEndian.PutUint32(m.memory[address:], uint32(value))
	default:
		return false
	}
	return true
}

func content(t *testing.T, wasm []byte, id uint64) []byte {
	t.Helper()
	sections, err := readSections(wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		if s.id == id {
			return s.content
		}
	}
	return nil
}

// small returns a wasm of which memory is all that matters.
func small(memory []byte, changes ...section) []byte {
	sections := []section{
		{typeSection, []byte{0}}, {importSection, []byte{0}}, {functionSection, []byte{0}},
		{codeSection, []byte{0}}, {dataSection, writeMemory(memory)},
	}
	for _, change := range changes {
		at := slices.IndexFunc(sections, func(s section) bool { return s.id >= change.id })
		if sections[at].id == change.id {
			sections[at] = change
		} else {
			sections = slices.Insert(sections, at, change)
		}
	}
	return writeSections([]byte("\x00asm\x01\x00\x00\x00"), sections)
}

// table returns the rows of the table for so many functions.
func table(functions uint32) []byte {
	var rows []byte
	for n := range functions * functionRows {
		rows = append(rows, row(n)...)
	}
	return rows
}

func TestCompactMemory(t *testing.T) {
	gap := make([]byte, minGap)
	tests := map[string]struct {
		memory []byte
		starts bool
	}{
		"empty":                  {nil, false},
		"zeros":                  {gap, false},
		"one byte":               {[]byte{1}, false},
		"gap":                    {slices.Concat([]byte{1}, gap, []byte{2}), false},
		"less than a gap":        {slices.Concat([]byte{1}, gap[1:], []byte{2}), false},
		"many segments":          {bytes.Repeat(slices.Concat([]byte{1}, gap), 300), false},
		"table":                  {table(100), true},
		"table and more":         {slices.Concat([]byte{9}, table(100), []byte{9}), true},
		"table too small":        {table(3), false},
		"table with other rows":  {bytes.Replace(table(100), row(33), append(row(33)[:rowSize-1], 1), 1), false},
		"table that ends early":  {slices.Concat(table(100), table(3)), true},
		"table far from address": {slices.Concat(bytes.Repeat(gap, 3000), table(100)), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := compact(small(test.memory))
			if err != nil {
				t.Fatal(err)
			}
			if starts := content(t, got, startSection) != nil; starts != test.starts {
				t.Errorf("a function was added: %v, want %v", starts, test.starts)
			}
			want := bytes.TrimRight(test.memory, "\x00")
			if memory := bytes.TrimRight(started(t, got), "\x00"); !bytes.Equal(memory, want) {
				t.Error("the memory differs")
			}
		})
	}
}

// TestCompactRefuses has what Go does not write.
func TestCompactRefuses(t *testing.T) {
	good := small(table(100))
	if _, err := compact(good); err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"nothing":             nil,
		"another version":     bytes.Replace(good, []byte{1, 0, 0, 0}, []byte{2, 0, 0, 0}, 1),
		"cut off":             good[:len(good)-1],
		"no sections":         good[:8],
		"data cut off":        small(table(100), section{dataSection, []byte{1, 0, opConst, 0, opEnd, 9}}),
		"data without end":    small(table(100), section{dataSection, []byte{1, 0, opConst, 0, opAdd, 0}}),
		"too much data":       small(table(100), section{dataSection, append([]byte{1, 0, opConst}, 0xff, 0xff, 0xff, 0xff, 0x7f, opEnd, 1, 1)}),
		"started already":     small(table(100), section{startSection, []byte{0}}),
		"an imported memory":  small(table(100), section{importSection, []byte{1, 1, 'm', 1, 'm', 2, 0, 0}}),
		"imports cut off":     small(table(100), section{importSection, []byte{1}}),
		"functions without n": small(table(100), section{functionSection, nil}),
	}
	for name, wasm := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := compact(wasm); !errors.Is(err, errWasm) {
				t.Errorf("the error is %v, want %v", err, errWasm)
			}
		})
	}
}
