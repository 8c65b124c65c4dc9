package session

// SigninPhases are when a sign-in got how far, by redirect or in a popup window,
// so that an app can see where its own time goes. They are milliseconds since the
// epoch, of the wall clock; 0 is unknown. What was before the tab left is known
// to the program that sent it away alone.
type SigninPhases struct {
	Called   int64 `json:"called,omitempty"`   // the app asked for it, as its page says
	Ready    int64 `json:"ready,omitempty"`    // the program had the call
	Metadata int64 `json:"metadata,omitempty"` // the provider's metadata was there; before Called if it was there already
	Left     int64 `json:"left,omitempty"`     // the page was told where to go
	Arrived  int64 `json:"arrived,omitempty"`  // the callback page told of the response, or the window answered
	Returned int64 `json:"returned,omitempty"` // the program had the call for what the response brings
	Exchange int64 `json:"exchange,omitempty"` // the token request began
	Tokens   int64 `json:"tokens,omitempty"`   // it was answered
	Verified int64 `json:"verified,omitempty"` // the ID Token had passed all checks
	User     int64 `json:"user,omitempty"`     // the user was given to the page

	// Ahead says that the token request did not wait for Returned.
	Ahead bool `json:"ahead"`
}

// wall returns the time as [SigninPhases] have it.
func (s *session) wall() int64 { return s.config.Now().UnixMilli() }

// calledAt returns the phases of a sign-in that the app asked for then.
func (s *session) calledAt(called int64) SigninPhases {
	return SigninPhases{Called: called, Ready: s.wall()}
}

// found notes since when the metadata is there.
func (p *SigninPhases) found(provider *provider) {
	provider.mu.Lock()
	defer provider.mu.Unlock()
	p.Metadata = provider.metadataAt.UnixMilli()
}

// take adds what an exchange has noted.
func (p *SigninPhases) take(e *exchange) {
	p.Arrived, p.Exchange, p.Tokens, p.Verified = e.phases.Arrived, e.phases.Exchange, e.phases.Tokens, e.phases.Verified
}

// signin keeps the phases of the last sign-in.
func (c *counters) signin(phases SigninPhases) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Signin = &phases
}
