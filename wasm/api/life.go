package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"
)

// A page ends its connection when it is left, if it can. What a page that
// crashed, that was frozen or that never meant well leaves to the program is
// bounded here: a port with its two callbacks, one question under way, and what
// was opened.
const (
	// openLimit is how long a connection may be there without being opened.
	openLimit = time.Minute

	// askedOften and askedSeldom are the pauses between two questions whether
	// the page lives: where no lock tells, and where it holds one.
	askedOften  = time.Second
	askedSeldom = 20 * time.Second

	// doze is how long a page may take to answer before it is passed over: it is
	// asked for no frame and nobody waits for it, until it says something.
	doze = 5 * time.Second

	// patience, silence and longSilence are how long it may take before it
	// counts as gone: one whose lock is free, one that has named no lock although
	// the browser has them, and any other. A page whose browser puts it to sleep
	// holds its lock, and may have a popup window open, which has 15 minutes; what
	// it named counts no longer than without a lock, until it says something: the
	// lock may be that of a page of another program.
	patience    = time.Second
	silence     = 45 * time.Second
	longSilence = 16 * time.Minute
)

// pageLock begins the names of the locks that pages hold; see
// web/shim/connection.js. Others are held by hosts of programs, and by the app.
const pageLock = "oidcspa.page."

// expire closes a connection that nobody has opened.
func (c *Connection) expire() {
	c.mu.Lock()
	opened := c.client != nil || c.steps != nil
	c.mu.Unlock()
	if !opened {
		c.lose("the connection was not opened")
	}
}

// lose closes the connection. A page that was only slow hears of it, and comes
// back.
func (c *Connection) lose(why string) {
	_ = c.conn.Notify("stopped", map[string]string{"code": "runtime_stopped", "message": why})
	c.Close()
}

// watch asks the page from time to time whether it lives, passes it over while
// it does not answer, and closes the connection when it is gone.
func (c *Connection) watch(lock string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.spawn("watch", func() {
		<-c.Done()
		cancel()
	})
	if !strings.HasPrefix(lock, pageLock) {
		lock = "" // that is no page's
	}
	defer c.Pages.enter(lock)()
	free := make(chan struct{})
	pause, limit := askedSeldom, longSilence
	switch {
	case lock != "":
		c.spawn("watch", func() {
			defer close(free)
			_ = c.Gone(ctx, lock) // what is no name of a lock is held by nobody
		})
	case c.Gone(ctx, nobodys()) != nil: // there are no locks
		pause, free = askedOften, nil
	default:
		pause, limit, free = askedOften, silence, nil
	}
	for {
		select {
		case <-free:
			pause, limit, free = askedOften, patience, nil
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if !c.answers(ctx, lock, limit, free) {
			c.lose("the page seemed to be gone")
			return
		}
		if free == nil {
			limit = max(limit, silence) // it lives, and has lost its lock: somebody may have stolen it
		}
	}
}

// nobodys is the name of a lock that nobody holds.
func nobodys() string {
	var name [16]byte
	_, _ = rand.Read(name[:]) // it does not fail
	return "oidcspa.nobody." + base64.RawURLEncoding.EncodeToString(name[:])
}

// answers asks the page something, and waits for limit; once its lock is free
// for [patience] at most. There is one question under way, however long the page
// sleeps. Any answer is one: a page that does not know the question says so.
//
// It waits step by step, and counts no step for longer than it was to be: a program
// that has slept, with its page or with the machine, hears first what came meanwhile.
func (c *Connection) answers(ctx context.Context, lock string, limit time.Duration, free <-chan struct{}) bool {
	asked := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answered := make(chan struct{})
	c.spawn("ping", func() {
		defer close(answered)
		_ = c.conn.Call(ctx, "ping", struct{}{}, nil)
	})
	const short, long = patience / 4, time.Second
	step, waited, dozes := short, time.Duration(0), false
	steps := time.NewTicker(step)
	defer steps.Stop()
	for {
		select {
		case <-answered:
			c.Pages.heard(lock)
			return true
		case <-free:
			limit, free = min(limit, waited+patience), nil
			step = short
			steps.Reset(step)
		case <-steps.C:
			waited += step
			switch {
			case waited >= limit:
				return false
			case dozes && c.Pages.speaks(lock, asked):
				return false
			case dozes && waited >= silence:
				c.counts(false)
			case !dozes && waited >= doze:
				dozes = true
				c.asleep.Store(true)
				c.sleeps(true)
				if free != nil || limit > silence {
					step = long
					steps.Reset(step)
				}
			}
		}
	}
}

// sleeps tells the client whether the page can be asked for something.
func (c *Connection) sleeps(asleep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.asleep.Load() != asleep: // old news
	case c.client != nil:
		c.client.Sleeps(asleep)
	case c.steps != nil:
		c.steps.Sleeps(asleep)
	}
}

// counts says whether what the page named counts. A page that has said something
// since it dozed is none that is silent.
func (c *Connection) counts(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent != on || !on && !c.asleep.Load() || c.closed {
		return
	}
	c.silent = !on
	if !on && c.forget != nil {
		c.forget()
		c.forget = nil
	} else if on {
		c.forget = c.registry.Meet(c.peers...)
	}
	switch {
	case c.client != nil:
		c.client.Counts(on)
	case c.steps != nil:
		c.steps.Counts(on)
	}
}
