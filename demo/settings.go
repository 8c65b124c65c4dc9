package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"syscall"

	"github.com/oidcspa/oidcspa/demo/site"
	"github.com/oidcspa/oidcspa/oidc"
)

// A port is where to listen.
type port struct {
	variable string // the one that sets it, for messages
	number   int
	fixed    bool // not to be replaced by another if taken
}

type settings struct {
	port, opPort     port
	issuer, clientID string // both or neither
	scope, audience  string // for a provider of one's own
	keycloak         bool   // is the provider
}

func parseSettings(getenv func(string) string) (settings, error) {
	s := settings{
		issuer:   getenv("ISSUER"),
		clientID: getenv("CLIENT_ID"),
		scope:    getenv("SCOPE"),
		audience: getenv("AUDIENCE"),
		keycloak: getenv("KEYCLOAK") != "",
	}
	var err error
	if s.port, err = parsePort("PORT", getenv("PORT"), 8000); err != nil {
		return s, err
	}
	if s.opPort, err = parsePort("OP_PORT", getenv("OP_PORT"), 9000); err != nil {
		return s, err
	}
	switch {
	case s.keycloak && s.issuer != "":
		return s, errors.New("KEYCLOAK and ISSUER are set: there is one provider")
	case s.issuer != "" && s.clientID == "":
		return s, errors.New("ISSUER is set and CLIENT_ID is not: a provider of your own needs both")
	case s.issuer == "" && s.clientID != "":
		return s, errors.New("CLIENT_ID is set and ISSUER is not: a provider of your own needs both")
	}
	if s.scope == "" {
		s.scope = "openid profile email"
	}
	if s.audience == "" {
		s.audience = s.clientID
	}
	return s, nil
}

func parsePort(variable, value string, preferred int) (port, error) {
	if value == "" {
		return port{variable: variable, number: preferred}, nil
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < 1 || number > 65535 {
		return port{}, fmt.Errorf("%s=%s is not a port: it has to be a number from 1 to 65535", variable, value)
	}
	return port{variable: variable, number: number, fixed: true}, nil
}

// attempts is how many ports are tried after the preferred one.
const attempts = 100

// listen returns listeners on the loopback addresses, all on one port.
func listen(p port) ([]net.Listener, error) {
	if p.fixed {
		listeners, err := listenOn(p.number)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("port %d is taken: set %s to another one, or to nothing for any that is free", p.number, p.variable)
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%d: %w", p.variable, p.number, err)
		}
		return listeners, nil
	}
	var err error
	for number := p.number; number < p.number+attempts; number++ {
		var listeners []net.Listener
		if listeners, err = listenOn(number); err == nil {
			return listeners, nil
		}
	}
	return nil, fmt.Errorf("no free port from %d to %d, set %s: %w", p.number, p.number+attempts-1, p.variable, err)
}

// listenOn listens on 127.0.0.1 and, where the machine has it, on ::1:
// browsers take either for localhost.
func listenOn(number int) ([]net.Listener, error) {
	v4, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", number))
	if err != nil {
		return nil, err
	}
	v6, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", number))
	switch {
	case err == nil:
		return []net.Listener{v4, v6}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errors.Join(err, v4.Close())
	default: // no IPv6 here
		return []net.Listener{v4}, nil
	}
}

// endpointOrigins returns the origins of the endpoints that the client uses.
func endpointOrigins(m *oidc.Metadata) ([]string, error) {
	var origins []string
	for _, endpoint := range []string{m.Issuer, m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI, m.UserinfoEndpoint} {
		if endpoint == "" {
			continue
		}
		origin, err := site.Origin(endpoint)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins, nil
}
