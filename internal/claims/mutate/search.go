//go:build !js

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// A search looks for schedules that break an invariant of an engine without a rule.
type search struct {
	root, folder string
	limit        time.Duration
	sound        string // the simulator with the sources as they are
	usual        usual  // what that breaks
}

// usual is how often the sources as they are break an invariant. A mutation moves
// the dice: it may bring such a schedule at another seed, and is not why.
type usual struct {
	schedules int
	broken    map[string]int // by invariant
}

// chance is how likely it may be that what is found is as usual.
const chance = 0.02

// exceeds tells whether an invariant is broken so often that it is hardly as usual.
// Which has not been broken yet may be the next time.
func (u *usual) exceeds(rule string, broken, schedules int) bool {
	expected := float64(u.broken[rule]+1) / float64(u.schedules) * float64(schedules)
	fewer, term := 0.0, math.Exp(-expected) // of a Poisson distribution
	for i := range broken {
		fewer += term
		term *= expected / float64(i+1)
	}
	return 1-fewer < chance
}

// A finding is what became of a row.
type finding struct {
	ok        bool
	by        string // the invariant and the seed, or why not
	schedules int
	took      time.Duration
}

// patience is how long a schedule that does not come to an end is waited for.
const patience = 30 * time.Second

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

// look runs schedules until one breaks what it does not break with the sources as
// they are.
func (s *search) look(ctx context.Context, name string, edits []claims.Edit) (f finding) {
	program, err := s.build(ctx, name, edits)
	if err != nil {
		return finding{by: strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	began := time.Now()
	defer func() { f.took = time.Since(began) }()
	ctx, cancel := context.WithTimeout(ctx, s.limit+patience)
	defer cancel()
	cmd := s.command(ctx, program, "-test.run=^TestMutation$", "-mutation="+s.limit.String())
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
	}()
	ended, crashed, broken := false, "", map[string]int{}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		var seed uint64
		n := 0
		if _, err := fmt.Sscanf(line, "BROKEN %d %d", &seed, &n); err == nil {
			_, what, _ := strings.Cut(line, fmt.Sprintf("BROKEN %d %d ", seed, n))
			rule, _, _ := strings.Cut(what, ": ")
			if !s.keeps(ctx, seed) {
				continue
			}
			if broken[rule]++; s.usual.exceeds(rule, broken[rule], n) {
				return finding{ok: true, by: fmt.Sprintf("%s, seed %d", rule, seed), schedules: n}
			}
		} else if _, err := fmt.Sscanf(line, "END %d", &n); err == nil {
			f.schedules, ended = n, true
		} else if crashed == "" && (strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")) {
			crashed = line
		}
	}
	switch {
	case crashed != "":
		return finding{ok: true, by: crashed}
	case strings.Contains(told.String(), "panic: "), strings.Contains(told.String(), "fatal error: "):
		first, _, _ := strings.Cut(told.String(), "\n")
		return finding{ok: true, by: first}
	case ended:
		f.by = "NOT FOUND"
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return finding{ok: true, by: "a schedule without an end"}
	default:
		f.by = "NOT RUN"
	}
	return f
}

// measure finds out what is usual.
func (s *search) measure(ctx context.Context) error {
	cmd := s.command(ctx, s.sound, "-test.run=^TestMutation$", "-mutation="+time.Minute.String())
	output, err := cmd.Output()
	s.usual.broken = map[string]int{}
	for line := range strings.Lines(string(output)) {
		if rest, ok := strings.CutPrefix(line, "BROKEN "); ok {
			parts := strings.SplitN(rest, " ", 3)
			rule, _, _ := strings.Cut(parts[len(parts)-1], ": ")
			s.usual.broken[rule]++
		}
		_, _ = fmt.Sscanf(line, "END %d", &s.usual.schedules)
	}
	if s.usual.schedules == 0 {
		return fmt.Errorf("the simulator does not run with the sources as they are: %w", err)
	}
	return nil
}

// keeps tells whether a schedule breaks nothing with the sources as they are.
func (s *search) keeps(ctx context.Context, seed uint64) bool {
	return s.command(ctx, s.sound, "-test.run=^TestSeed$", fmt.Sprint("-seed=", seed), "-shrink=0").Run() == nil
}

func (s *search) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(s.root, "session", "explore")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
