//go:build js && wasm

package jsbridge

import "github.com/hack-pad/safejs"

// Deliver hands the body of the last answer over, as it is asked for, until
// its end. Without a body it returns at once.
func (r *Relay) Deliver() {
	answer := r.answer
	if answer == nil || answer.body.IsNull() {
		return
	}
	reader, err := answer.body.Call("getReader")
	if err != nil {
		r.post("error")
		return
	}
	for {
		select {
		case <-r.pulls:
		case <-r.ctx.Done():
			return
		}
		piece, err := answer.x.readChunk(reader)
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil:
			r.post("error")
			return
		case piece.IsUndefined():
			r.post(safejs.Null())
			return
		}
		buffer, err := piece.Get("buffer")
		if err != nil {
			r.post("error")
			return
		}
		r.post(piece, buffer)
	}
}

// An upload is the stream that a request reads its body from.
type upload struct {
	stream     safejs.Value // a ReadableStream
	controller safejs.Value
	callbacks  []safejs.Func
}

// newUpload returns a stream that calls pull, which must not wait, when it is
// read and has nothing.
func newUpload(pull func()) (*upload, error) {
	class, err := safejs.Global().Get("ReadableStream")
	if err != nil {
		return nil, caught(err)
	}
	u := &upload{}
	start := callback(func(controller safejs.Value) { u.controller = controller })
	defer release(start) // the constructor calls it before returning
	want := callback(func(safejs.Value) { pull() })
	u.stream, err = class.New(map[string]any{"start": start, "pull": want}, map[string]any{"highWaterMark": 0})
	if err != nil {
		release(want)
		return nil, caught(err)
	}
	u.callbacks = []safejs.Func{want}
	return u, nil
}

// put takes a piece, null at the end, and anything else when the other end
// has none. What the stream does not take any more is dropped.
func (u *upload) put(piece safejs.Value) {
	switch {
	case piece.IsNull():
		_, _ = u.controller.Call("close")
	case isType(piece, safejs.TypeObject):
		_, _ = u.controller.Call("enqueue", piece)
	default:
		_, _ = u.controller.Call("error")
	}
}

// end breaks the stream, unless it has ended: it calls nobody any more.
func (u *upload) end() {
	_, _ = u.controller.Call("error")
	release(u.callbacks...)
	u.callbacks = nil
}
