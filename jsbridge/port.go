//go:build js && wasm

package jsbridge

import (
	"errors"
	"maps"
	"slices"

	"github.com/hack-pad/safejs"
)

var (
	// ErrPortClosed says that the port can send no more.
	ErrPortClosed = errors.New("jsbridge: port closed")

	// ErrPortListens says that the port has its listener already.
	ErrPortListens = errors.New("jsbridge: port has a listener")
)

// channelsLimit bounds the channels that were handed over and that nobody has taken:
// the call that names one comes right behind it.
const channelsLimit = 64

// A Port is one end of a MessageChannel that carries text.
type Port struct {
	port   safejs.Value
	remove []func() // the listeners, while there are some
	closed bool

	channels map[int]handover // handed over and not taken yet, by number
}

// A handover is a channel: a MessagePort that came through a port, and what came with it.
type handover struct {
	port, body safejs.Value
}

// NewPort returns a Port for a MessagePort. Messages wait until [Port.Listen].
func NewPort(port safejs.Value) *Port { return &Port{port: port} }

// Send posts one message, which must be UTF-8. It does not wait, and nothing
// tells whether the message arrives. The error is [ErrPortClosed] or an
// [*Error].
func (p *Port) Send(message []byte) error {
	if p.closed {
		return ErrPortClosed
	}
	_, err := p.port.Call("postMessage", string(message))
	return caught(err)
}

// Listen starts the port: onMessage is called from a callback with every
// message that is text. A message {channel, body} with a port keeps that for
// [Port.Relay]; others are ignored. onClose is called from a callback,
// once, when the other end was closed or is gone, but not after [Port.Close].
// It comes with the event "close" of HTML's MessagePort, which no browser
// dispatches by default yet (Chromium 156 has it behind a flag): whoever must
// know that the other end is gone needs a second sign. The errors are [ErrPortClosed],
// [ErrPortListens] and an [*Error].
func (p *Port) Listen(onMessage func(message []byte), onClose func()) error {
	switch {
	case p.closed:
		return ErrPortClosed
	case p.remove != nil:
		return ErrPortListens
	}
	if err := p.listen("message", func(event safejs.Value) {
		if text, ok := messageText(event, MaxText); ok {
			onMessage([]byte(text))
			return
		}
		p.keepChannel(event)
	}); err != nil {
		return err
	}
	if err := p.listen("close", func(safejs.Value) {
		p.Close()
		onClose()
	}); err != nil {
		p.unlisten()
		return err
	}
	if _, err := p.port.Call("start"); err != nil {
		p.unlisten()
		return caught(err)
	}
	return nil
}

// Close ends the port and its listeners. The other end is told by the browser.
func (p *Port) Close() {
	if p.closed {
		return
	}
	p.closed = true
	p.unlisten()
	for n := range p.channels {
		p.dropChannel(n)
	}
	// What has no close method is no port, and then there is nothing to close.
	_, _ = p.port.Call("close")
}

// keepChannel takes over a channel and its number.
func (p *Port) keepChannel(event safejs.Value) {
	data, err := event.Get("data")
	if err != nil || !isType(data, safejs.TypeObject) {
		return
	}
	number, err := data.Get("channel")
	if err != nil || !isType(number, safejs.TypeNumber) {
		return
	}
	n, _ := number.Int()
	body, err := data.Get("body")
	if err != nil {
		return
	}
	ports, err := event.Get("ports")
	if err != nil {
		return
	}
	if count, err := ports.Length(); err != nil || count != 1 {
		return
	}
	port, err := ports.Index(0)
	if err != nil {
		return
	}
	if p.channels == nil {
		p.channels = make(map[int]handover)
	}
	p.dropChannel(n) // of the same number
	for len(p.channels) >= channelsLimit {
		p.dropChannel(slices.Min(slices.Collect(maps.Keys(p.channels))))
	}
	p.channels[n] = handover{port, body}
}

// dropChannel closes a channel that nobody has taken.
func (p *Port) dropChannel(n int) {
	if handed, ok := p.channels[n]; ok {
		_, _ = handed.port.Call("close")
		delete(p.channels, n)
	}
}

func (p *Port) listen(typ string, fn func(event safejs.Value)) error {
	remove, err := Listen(p.port, typ, fn)
	if err == nil {
		p.remove = append(p.remove, remove)
	}
	return err
}

func (p *Port) unlisten() {
	for _, remove := range p.remove {
		remove()
	}
	p.remove = nil
}
