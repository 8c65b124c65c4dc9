// Package jsbridge joins Go and JavaScript: promises, events, message ports
// and fetch. It knows nothing of what it carries.
//
// # Callbacks
//
// JavaScript calls into Go only here, and every callback has one of three
// lifetimes: one promise ([Await]), one listener ([Listen], [Port]), or the
// whole program ([Serve]). A function that this package calls from a callback
// says so. It must return at once: while it runs the event loop stands still,
// and waiting for anything ends the program with a deadlock.
//
// # Secrets
//
// No error of this package quotes a URL, a header or a body. [Error] is the
// exception: its Message is the browser's text.
package jsbridge
