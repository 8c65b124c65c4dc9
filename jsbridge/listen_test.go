//go:build js && wasm

package jsbridge

import (
	"slices"
	"testing"

	"github.com/hack-pad/safejs"
)

func TestListen(t *testing.T) {
	before := Live()
	target := eval(t, `
		return new (class extends EventTarget {
			removed = [];
			removeEventListener(...args) { this.removed.push(args[0]); super.removeEventListener(...args); }
		})()`)
	dispatch := func(typ string) { eval(t, `args[0].dispatchEvent(new Event(args[1]))`, target, typ) }

	var seen []string
	remove, err := Listen(target, "a", func(event safejs.Value) {
		typ, _ := stringMember(event, "type")
		seen = append(seen, typ)
	})
	if err != nil {
		t.Fatal(err)
	}
	dispatch("a")
	dispatch("b")
	dispatch("a")
	remove()
	remove()
	dispatch("a")
	if want := []string{"a", "a"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
	// A released callback that is still called only complains on the console.
	if got := text(t, eval(t, `return String(args[0].removed)`, target)); got != "a" {
		t.Errorf("removed %q, want a, once", got)
	}
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}

// TestListenRemovedWithin: a listener may end itself.
func TestListenRemovedWithin(t *testing.T) {
	target := eval(t, `return new EventTarget()`)
	seen := 0
	var remove func()
	remove, err := Listen(target, "a", func(safejs.Value) {
		seen++
		remove()
	})
	if err != nil {
		t.Fatal(err)
	}
	eval(t, `args[0].dispatchEvent(new Event("a")); args[0].dispatchEvent(new Event("a"))`, target)
	if seen != 1 {
		t.Errorf("called %d times, want 1", seen)
	}
}

func TestListenNoTarget(t *testing.T) {
	before := Live()
	if _, err := Listen(eval(t, `return {}`), "a", func(safejs.Value) {}); err == nil {
		t.Error("no error")
	}
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}
