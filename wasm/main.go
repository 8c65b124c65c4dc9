//go:build js && wasm

// Command wasm is the program in the worker: it wires the parts together and
// holds nothing of its own.
package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/hack-pad/safejs"

	"github.com/oidcspa/oidcspa/jsbridge"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/wasm/api"
)

// host is the global under which worker.js offers connections.
const host = "oidcspa.host"

func main() {
	config := session.Config{Transport: transport{}, NewKey: newSigner, OnePage: !sharedWorker(), Stops: !chromium(), Logf: note}
	config.OnPanic = func(value any, stack []byte) { report("panic: %v\n%s", value, stack) }
	jsbridge.OnPanic = config.OnPanic
	registry, pages := joinPeers(config), &api.Pages{}
	var phases api.HostPhases
	js, err := jsbridge.Serve(host, func(port *jsbridge.Port) { serve(registry, pages, phases, port) })
	if err != nil {
		report("the host did not take the program: %v", err)
		return
	}
	said := api.ParseHost(js.Said)
	phases = said.HostPhases
	if said.Keeps {
		registry.TakeOver([]byte(said.Taken), session.Keeper{
			Give:   func(record []byte) { _ = js.Tell(string(record)) },
			Owns:   func(ctx context.Context) bool { lost, _ := js.Ask(ctx); return !lost },
			Answer: api.UserAnswer,
		})
	}
	select {} // callbacks do the rest
}

// sharedWorker tells whether several pages can connect to this program.
func sharedWorker() bool {
	class, err := safejs.Global().Get("SharedWorkerGlobalScope")
	return err != nil || !class.IsUndefined()
}

// chromium tells whether this is Chromium, where a shared worker outlives the pages of a tab. What
// others lack is there where the origin is secure.
func chromium() bool {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil {
		return false
	}
	data, err := navigator.Get("userAgentData")
	return err == nil && !data.IsUndefined()
}

// serve connects one page to the program, for as long as both are there.
func serve(registry *session.Registry, pages *api.Pages, phases api.HostPhases, port *jsbridge.Port) {
	connection := api.NewConnection(registry, port.Send, func(method string, value any, stack []byte) {
		report("panic in %s: %v\n%s", method, value, stack)
	})
	connection.Runtime, connection.Host = stats, phases
	connection.Gone, connection.Pages, connection.Origin = jsbridge.AwaitLock, pages, jsbridge.Origin()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	connection.Relay = relays(ctx, port)
	if err := port.Listen(connection.Receive, connection.Close); err != nil {
		connection.Close()
		return
	}
	<-connection.Done()
	port.Close()
}

// stats says how the program is doing: after a collection, if one is asked for, so that two
// measurements differ by what is kept alone.
func stats(collect bool) api.Runtime {
	if collect {
		runtime.GC()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return api.Runtime{Callbacks: jsbridge.Live(), Memory: memory.Sys, Heap: memory.HeapAlloc}
}

// report writes a bug of this program to the console.
func report(format string, args ...any) { log("error", format, args...) }

// note writes a decision of the program to the console.
func note(format string, args ...any) { log("info", format, args...) }

func log(level, format string, args ...any) {
	console, err := safejs.Global().Get("console")
	if err == nil {
		_, _ = console.Call(level, "oidcspa: "+fmt.Sprintf(format, args...))
	}
}
