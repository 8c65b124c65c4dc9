//go:build !js

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// A search looks for schedules that break an invariant of an engine without a rule.
// With the sources as they are none of the schedules of the tests does, but for what
// is known, which does not count.
type search struct {
	root, folder string
	limit        time.Duration
	sound        string // the simulator with the sources as they are
}

// patience is how often the limit a search may take on the clock of the wall: a mutation
// may block and use no processor.
const patience = 10

// A finding is what became of a row.
type finding struct {
	ok        bool
	by        string // the invariant and the seed, or why not
	schedules uint64
	took      time.Duration // of a processor
}

// build compiles the simulator with some lines changed.
func (s *search) build(ctx context.Context, name string, edits []claims.Edit) (string, error) {
	program := filepath.Join(s.folder, name+".test")
	args := []string{"test", "-c", "-vet=off", "-o", program}
	if len(edits) > 0 {
		overlay, err := s.lay(name, edits)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./session/explore")...)
	cmd.Dir = s.root
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, output)
	}
	return program, nil
}

// lay writes the changed files, and the list of them.
func (s *search) lay(name string, edits []claims.Edit) (string, error) {
	texts, replace := map[string]string{}, map[string]string{}
	for _, e := range edits {
		source, ok := texts[e.Path]
		if !ok {
			data, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(e.Path)))
			if err != nil {
				return "", err
			}
			source = string(data)
		}
		var err error
		if texts[e.Path], err = e.Apply(source); err != nil {
			return "", err
		}
	}
	for path, text := range texts {
		file := filepath.Join(s.folder, name+"_"+strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(s.root, filepath.FromSlash(path))] = file
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(s.folder, name+".json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// simulation is the test of the rows that the simulator finds.
const simulation = "session/explore.TestMutation"

// find looks for a schedule, or runs the test that the row names.
func (s *search) find(ctx context.Context, name string, r *row) finding {
	if r.test == simulation {
		return s.look(ctx, name, r.edits)
	}
	overlay, err := s.lay(name, r.edits)
	if err != nil {
		return finding{by: err.Error()}
	}
	folder, test, _ := strings.Cut(r.test, ".")
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-overlay="+overlay, "-run", "^"+strings.ReplaceAll(test, "/", "$/^")+"$", "./"+folder)
	cmd.Dir = s.root
	output, err := cmd.CombinedOutput()
	failed := err != nil && strings.Contains(string(output), "--- FAIL: "+strings.ReplaceAll(test, " ", "_"))
	return finding{ok: failed, by: cond(failed, r.test, "NOT FOUND by "+r.test), took: time.Since(began)}
}

func cond[T any](is bool, a, b T) T {
	if is {
		return a
	}
	return b
}

// look runs schedules until one breaks what it does not break with the sources as
// they are.
func (s *search) look(ctx context.Context, name string, edits []claims.Edit) (f finding) {
	program, err := s.build(ctx, name, edits)
	if err != nil {
		return finding{by: strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	ctx, cancel := context.WithTimeout(ctx, patience*s.limit)
	defer cancel()
	cmd := s.command(ctx, program, "-test.run=^TestMutation$", "-test.timeout=0", "-mutation="+s.limit.String())
	output, err := cmd.StdoutPipe()
	if err != nil {
		return finding{by: err.Error()}
	}
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		return finding{by: err.Error()}
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was ended, or its output has said how it ended
		f.took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}()
	f.by = "NOT RUN"
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		if _, err := fmt.Sscanf(line, "BROKEN %d", &f.schedules); err == nil {
			if found := strings.SplitN(line, " ", 3)[2]; s.keeps(ctx, f.schedules) {
				return finding{ok: true, by: fmt.Sprintf("%s (seed %d)", found, f.schedules), schedules: f.schedules}
			}
		} else if _, err := fmt.Sscanf(line, "END %d", &f.schedules); err == nil {
			f.by = "NOT FOUND"
		} else if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return finding{ok: true, by: line}
		}
	}
	if first, _, _ := strings.Cut(told.String(), "\n"); strings.HasPrefix(first, "panic: ") || strings.HasPrefix(first, "fatal error: ") {
		return finding{ok: true, by: first}
	}
	return f
}

// keeps tells whether a schedule breaks nothing with the sources as they are, whatever
// the dice: a mutation moves them.
func (s *search) keeps(ctx context.Context, seed uint64) bool {
	return s.command(ctx, s.sound, "-test.run=^TestKept$", fmt.Sprint("-seed=", seed)).Run() == nil
}

// command is one that has a processor for itself alone.
func (s *search) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(s.root, "session", "explore")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
