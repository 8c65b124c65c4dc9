package api

import (
	"sync"
	"time"
)

// Pages are the pages of a program by the locks that their connections name. A
// page may have several connections, and they sleep together: one that stays
// silent while another of the same lock answers has named the lock of somebody
// else, or has lost its page.
type Pages struct {
	mu    sync.Mutex
	pages map[string]*livePage // guarded by mu
}

type livePage struct {
	connections int
	answered    time.Time // by any of them
}

// enter counts a connection that names a lock, until leave is called.
func (p *Pages) enter(lock string) (leave func()) {
	if p == nil || lock == "" {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pages == nil {
		p.pages = map[string]*livePage{}
	}
	if p.pages[lock] == nil {
		p.pages[lock] = &livePage{}
	}
	p.pages[lock].connections++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pages[lock].connections--; p.pages[lock].connections == 0 {
			delete(p.pages, lock)
		}
	}
}

// heard notes that a page has answered.
func (p *Pages) heard(lock string) {
	if p == nil || lock == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if page := p.pages[lock]; page != nil {
		page.answered = time.Now()
	}
}

// speaks tells whether a page has answered since a time, and a doze ago.
func (p *Pages) speaks(lock string, since time.Time) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	page := p.pages[lock]
	return page != nil && page.answered.After(since) && time.Since(page.answered) >= doze
}
