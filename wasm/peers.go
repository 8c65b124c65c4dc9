//go:build js && wasm

package main

import (
	"github.com/oidcspa/oidcspa/jsbridge"
	"github.com/oidcspa/oidcspa/session"
)

// peers is the channel of the programs of one origin: those of several pages,
// and those of several releases.
const peers = "oidcspa.session"

// joinPeers returns a registry that hears the other programs, and tells them.
// A browser without channels has each program for itself.
func joinPeers(config session.Config) *session.Registry {
	var registry *session.Registry
	channel, err := jsbridge.NewBroadcast(peers, session.PeerMessageLimit, func(message []byte) { registry.Heard(message) })
	if err == nil {
		config.Broadcast = func(message []byte) { _ = channel.Post(message) }
	}
	registry = session.NewRegistry(config)
	return registry
}
