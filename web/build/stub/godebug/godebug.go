// Package godebug stands in for internal/godebug in the wasm: a browser has no
// environment variable GODEBUG to choose behaviours of older releases of Go
// with. All settings have their defaults.
package godebug

// A Setting has its default.
type Setting struct{ name string }

// New returns the setting of that name.
func New(name string) *Setting { return &Setting{name} }

// Name returns the name of the setting.
func (s *Setting) Name() string { return s.name }

// Value returns "", the default.
func (*Setting) Value() string { return "" }

// IncNonDefault does nothing: nobody counts.
func (*Setting) IncNonDefault() {}
