//go:build js && wasm

package jsbridge

import (
	"errors"
	"syscall/js"

	"github.com/hack-pad/safejs"
)

// An Error is an exception or a rejection of JavaScript. Compare by name:
//
//	errors.Is(err, &jsbridge.Error{Name: "AbortError"})
type Error struct {
	Name string // "TypeError", a DOMException's "AbortError", ...

	// Message is the browser's text. It may quote what the call was given, a
	// URL for instance: keep it away from users and logs.
	Message string
}

// Error returns the name alone, because the message may quote a secret.
func (e *Error) Error() string { return "javascript: " + e.Name }

// Is reports whether target is an [*Error] of the same name.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Name == e.Name
}

// errorOf returns the Go error for what JavaScript threw or rejected with,
// which can be any value.
func errorOf(thrown safejs.Value) *Error {
	name, hasName := stringMember(thrown, "name")
	message, hasMessage := stringMember(thrown, "message")
	if hasName && hasMessage {
		return &Error{Name: name, Message: message}
	}
	text, _ := thrown.String() // "" is as good as nothing
	return &Error{Name: "thrown " + nameOf(thrown), Message: text}
}

// caught returns the Go error for what a method of safejs returned.
func caught(err error) error {
	// safejs hides the exception in an unexported type; only this finds it.
	if thrown := (js.Error{}); errors.As(err, &thrown) {
		return errorOf(safejs.Safe(thrown.Value))
	}
	return err // a mistake on the Go side: no such method, no object
}

// stringMember returns a member that is a string. A getter that throws would
// end the program, which syscall/js cannot prevent; the browser's own objects
// have none.
func stringMember(v safejs.Value, name string) (string, bool) {
	member, err := v.Get(name)
	if err != nil || !isType(member, safejs.TypeString) {
		return "", false
	}
	s, err := member.String()
	return s, err == nil
}
