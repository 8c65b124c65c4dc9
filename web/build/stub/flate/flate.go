// Package flate stands in for compress/flate in the wasm, where nothing is
// compressed and nothing is inflated: the JOSE library would, in encrypted
// tokens.
package flate

import (
	"errors"
	"io"
)

// BestSpeed is a level of compression.
const BestSpeed = 1

var errLeftOut = errors.New("flate: compression is left out of this program")

// A Writer fails.
type Writer struct{}

// NewWriter always fails.
func NewWriter(io.Writer, int) (*Writer, error) { return nil, errLeftOut }

func (*Writer) Write([]byte) (int, error) { return 0, errLeftOut }

// Close always fails.
func (*Writer) Close() error { return errLeftOut }

type reader struct{}

// NewReader returns a reader that always fails.
func NewReader(io.Reader) io.ReadCloser { return reader{} }

func (reader) Read([]byte) (int, error) { return 0, errLeftOut }

func (reader) Close() error { return errLeftOut }
