//go:build js && wasm

package jsbridge

import "github.com/hack-pad/safejs"

// MaxText bounds the text of a message, in UTF-16 code units. Of a longer one
// the beginning arrives, one unit more than that: memory that a program once
// took it never gives back, and any script can post what it likes.
const MaxText = 4 << 20

// messageText returns the text of a message event, if it is one. Of one that is
// longer than limit the beginning is returned, which is longer, too.
func messageText(event safejs.Value, limit int) (string, bool) {
	data, err := event.Get("data")
	if err != nil || !isType(data, safejs.TypeString) {
		return "", false
	}
	object, err := safejs.Global().Get("Object")
	if err != nil {
		return "", false
	}
	text, err := object.Invoke(data) // what is asked for its length has to be an object
	if err != nil {
		return "", false
	}
	if length, err := text.Length(); err != nil || length > limit {
		if data, err = text.Call("slice", 0, limit+1); err != nil {
			return "", false
		}
	}
	s, err := data.String()
	return s, err == nil
}
