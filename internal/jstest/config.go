//go:build !js

package main

import (
	"fmt"
	"strings"
	"time"
)

const defaultTimeout = 10 * time.Minute

// A config is what the program is started with.
type config struct {
	Argv []string          `json:"argv"`
	Env  map[string]string `json:"env"`

	host    string        // "worker" or "page"
	timeout time.Duration // the program ends itself then; 0 is none
}

// newConfig reads what go test, or the developer, gave to the runner.
func newConfig(program string, args, environ []string) (*config, error) {
	c := &config{
		Argv:    []string{program},
		Env:     make(map[string]string),
		host:    "worker",
		timeout: defaultTimeout,
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "test.testlogfile": // there are no files
			continue
		case "test.timeout":
			d, err := time.ParseDuration(value)
			if err != nil {
				return nil, fmt.Errorf("-test.timeout: %w", err)
			}
			c.timeout = d
		}
		c.Argv = append(c.Argv, arg)
	}
	// wasm_exec.js has 8 kB for arguments and variables, so most stay behind.
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if passed(name) {
			c.Env[name] = value
		}
	}
	if host, ok := c.Env["JSTEST_HOST"]; ok {
		c.host = host
	}
	if c.host != "worker" && c.host != "page" {
		return nil, fmt.Errorf("JSTEST_HOST is %q, want worker or page", c.host)
	}
	return c, nil
}

// passed reports whether the program sees the variable.
func passed(name string) bool {
	switch name {
	case "GODEBUG", "GOTRACEBACK", "GOGC", "GOMEMLIMIT", "TZ", "CI":
		return true
	}
	return strings.HasPrefix(name, "JSTEST_")
}
