//go:build js && wasm

package jsbridge

import "github.com/hack-pad/safejs"

// A Broadcast is a BroadcastChannel that carries text: what one posts, all
// others of the same name and origin get.
type Broadcast struct {
	channel safejs.Value
	remove  func()
}

// NewBroadcast joins the channel of that name. onMessage is called from a
// callback with every message that is text of limit bytes at most;
// others are ignored, unread, and a channel does not hear itself.
func NewBroadcast(name string, limit int, onMessage func(message []byte)) (*Broadcast, error) {
	class, err := safejs.Global().Get("BroadcastChannel")
	if err != nil {
		return nil, caught(err)
	}
	channel, err := class.New(name)
	if err != nil {
		return nil, caught(err)
	}
	remove, err := Listen(channel, "message", func(event safejs.Value) {
		if text, ok := messageText(event, limit); ok && len(text) <= limit {
			onMessage([]byte(text))
		}
	})
	if err != nil {
		return nil, err
	}
	return &Broadcast{channel: channel, remove: remove}, nil
}

// Post posts one message, which must be UTF-8. It does not wait. The error is
// an [*Error]; the channel may have been closed.
func (b *Broadcast) Post(message []byte) error {
	_, err := b.channel.Call("postMessage", string(message))
	return caught(err)
}

// Close leaves the channel. Nothing is heard any more.
func (b *Broadcast) Close() {
	b.remove()
	// What has no close method is no channel, and then there is nothing to close.
	_, _ = b.channel.Call("close")
}
