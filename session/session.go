package session

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/oidcspa/oidcspa/oidc"
)

// A session is one End-User at one provider for one client_id, over all tabs.
type session struct {
	config   *Config
	provider *provider
	expiry   *expiry

	silent  flight[*User] // renewals
	restore flight[*User]

	mu      sync.Mutex
	user    *User     // guarded by mu, as all below
	unloads int       // how often a user was unloaded or removed
	hint    bool      // a silent sign-in is worth trying
	clients []*Client // in the order in which they came
}

// join adds a tab.
func (s *session) join(c *Client, hint bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
	s.hint = s.hint || hint
}

// leave removes a tab.
func (s *session) leave(c *Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = slices.DeleteFunc(s.clients, func(other *Client) bool { return other == c })
}

// tabs returns the clients, preferred first.
func (s *session) tabs(preferred *Client) []*Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	tabs := make([]*Client, 0, len(s.clients))
	if slices.Contains(s.clients, preferred) {
		tabs = append(tabs, preferred)
	}
	for _, c := range s.clients {
		if c != preferred {
			tabs = append(tabs, c)
		}
	}
	return tabs
}

// current returns the user, nil if nobody is signed in, and how often there
// was a sign-out before.
func (s *session) current() (user *User, unloads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user, s.unloads
}

// load makes user the current one and tells all tabs.
func (s *session) load(user *User) {
	s.mu.Lock()
	s.user, s.hint = user, true
	s.mu.Unlock()
	s.expiry.start(user)
	s.tell(true, Event{Name: UserLoaded, User: user})
}

// unload forgets the user and tells all tabs. It reports who it was.
func (s *session) unload() *User {
	s.mu.Lock()
	user := s.user
	s.user, s.hint = nil, false
	s.unloads++
	s.mu.Unlock()
	s.expiry.stop()
	if user == nil {
		s.dropHint()
		return nil
	}
	s.tell(false, Event{Name: UserUnloaded})
	return user
}

// dropHint tells all tabs that there is nothing to restore.
func (s *session) dropHint() {
	s.mu.Lock()
	s.hint = false
	s.mu.Unlock()
	for _, c := range s.tabs(nil) {
		c.page.Listener.Hint(false)
	}
}

// tell sends the hint and an event to all tabs.
func (s *session) tell(hint bool, event Event) {
	for _, c := range s.tabs(nil) {
		c.page.Listener.Hint(hint)
		c.page.Listener.Notify(event)
	}
}

// notify sends an event to all tabs.
func (s *session) notify(event Event) {
	for _, c := range s.tabs(nil) {
		c.page.Listener.Notify(event)
	}
}

// keepable returns what of the metadata a page may keep during a redirect.
func (s *session) keepable(metadata *oidc.Metadata) *oidc.Metadata {
	if s.config.OnePage {
		return metadata
	}
	return nil
}

// complete turns the response in callbackURL into a user. Nothing of the
// token response is visible to anybody before all its checks have passed
// (RFC 9700 4.5.3.2).
func (s *session) complete(ctx context.Context, c *Client, tx *oidc.Transaction, callbackURL string) (*User, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	callback, err := tx.ParseCallback(metadata, callbackURL, s.config.Now())
	if err != nil {
		return nil, fmt.Errorf("authentication response: %w", err)
	}
	// The keys will be needed as soon as the tokens are here. A failure shows
	// when they are.
	go func() { _, _ = s.provider.fetchKeys(ctx, false) }()

	tokens, err := callback.Exchange(ctx, s.config.Transport, metadata)
	if err != nil {
		return nil, fmt.Errorf("token request: %w", err)
	}
	claims, err := s.provider.verify(ctx, &oidc.ExpectedIDToken{
		Issuer:      tx.Issuer,
		ClientID:    tx.ClientID,
		Algorithms:  metadata.SigningAlgorithms(),
		Nonce:       tx.Nonce,
		AccessToken: tokens.AccessToken,
		MaxAge:      tx.MaxAge,
	}, tokens.IDToken)
	if err != nil {
		return nil, fmt.Errorf("ID Token: %w", err)
	}
	user := newUser(tokens, claims, s.config.Now())
	user.SessionState = callback.SessionState
	if err := s.loadUserinfo(ctx, c, user); err != nil {
		return nil, err
	}
	return user, nil
}

// refresh renews a user with the refresh token.
func (s *session) refresh(ctx context.Context, c *Client, previous *User) (*User, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	request := &oidc.RefreshRequest{
		ClientID:     c.settings.ClientID,
		RefreshToken: previous.RefreshToken,
		Scope:        previous.Scope,
	}
	tokens, err := request.Refresh(ctx, s.config.Transport, metadata)
	if err != nil {
		return nil, fmt.Errorf("refresh: %w", err)
	}
	claims := previous.claims
	if tokens.IDToken == "" { // it may be left out (OIDC Core 12.2)
		tokens.IDToken = previous.IDToken
	} else {
		claims, err = s.provider.verify(ctx, &oidc.ExpectedIDToken{
			Issuer:      metadata.Issuer,
			ClientID:    c.settings.ClientID,
			Algorithms:  metadata.SigningAlgorithms(),
			AccessToken: tokens.AccessToken,
			Previous:    previous.claims,
		}, tokens.IDToken)
		if err != nil {
			return nil, fmt.Errorf("ID Token: %w", err)
		}
	}
	user := newUser(tokens, claims, s.config.Now())
	user.follow(previous)
	if err := s.loadUserinfo(ctx, c, user); err != nil {
		return nil, err
	}
	return user, nil
}

// loadUserinfo adds the claims of the userinfo endpoint if the client wants
// them.
func (s *session) loadUserinfo(ctx context.Context, c *Client, user *User) error {
	if !c.settings.LoadUserinfo {
		return nil
	}
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return err
	}
	keys, err := s.provider.fetchKeys(ctx, false)
	if err != nil {
		return err
	}
	request := &oidc.UserinfoRequest{
		AccessToken: user.AccessToken,
		Subject:     user.Subject(),
		Keys:        keys,
		Algorithms:  metadata.SigningAlgorithms(),
		ClientID:    c.settings.ClientID,
	}
	claims, err := request.Fetch(ctx, s.config.Transport, metadata, s.config.Now())
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	user.addUserinfo(claims)
	return nil
}
