//go:build !js

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/chromedp"
)

// processes returns those of the browser: its own and all below it.
func (b *bench) processes() ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, name := range stats {
		if pid, fields := readStat(name); pid != 0 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	process := chromedp.FromContext(b.ctx).Browser.Process()
	if process == nil {
		return nil, fmt.Errorf("the browser has no process")
	}
	all := []int{process.Pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all, nil
}

// readStat returns the fields of proc_pid_stat(5) that follow the name of the
// program; the pid is 0 if the process is gone.
func readStat(name string) (pid int, fields []string) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, nil
	}
	before, after, _ := strings.Cut(string(data), " (")
	pid, _ = strconv.Atoi(before)
	return pid, strings.Fields(after[strings.LastIndex(after, ")")+1:])
}

// memory returns what the browser occupies, in MB: the sum of the proportional
// set sizes of its processes, which counts shared pages once.
func (b *bench) memory() (float64, error) {
	all, err := b.processes()
	if err != nil {
		return 0, err
	}
	kB := 0
	for _, pid := range all {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // gone, or a zombie
		for line := range strings.Lines(string(data)) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
				n, _ := strconv.Atoi(fields[1])
				kB += n
			}
		}
	}
	if kB == 0 {
		return 0, fmt.Errorf("the system does not say how much memory the browser has")
	}
	return float64(kB) * 1024 / 1e6, nil
}

// mainThreads returns the time that the main thread of each process has been
// running, in milliseconds.
func (b *bench) mainThreads() (map[int]float64, error) {
	all, err := b.processes()
	if err != nil {
		return nil, err
	}
	times := map[int]float64{}
	for _, pid := range all {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid)) // gone
		first, _, _ := strings.Cut(string(data), " ")
		n, _ := strconv.Atoi(first)
		times[pid] = float64(n) / 1e6
	}
	return times, nil
}

// processOf returns the process that a page is in: the one whose main thread
// runs when the page keeps it busy. The protocol does not tell.
func (b *bench) processOf(t *tab) (pid int, err error) {
	const busy = "{ let sum = 0; for (let i = 0; i < 2e7; i++) sum += Math.random(); sum > 0 }" // the same work on a busy machine
	before, err := b.mainThreads()
	if err != nil {
		return 0, err
	}
	if _, err := eval[bool](t, busy); err != nil {
		return 0, err
	}
	after, err := b.mainThreads()
	if err != nil {
		return 0, err
	}
	most := 0.0
	for candidate, time := range after {
		if more := time - before[candidate]; more > most {
			pid, most = candidate, more
		}
	}
	if pid == 0 {
		return 0, fmt.Errorf("the system does not say which process is the page's")
	}
	return pid, nil
}

// A usage is what was used so far, in milliseconds.
type usage struct {
	main map[int]float64 // by the main thread of each process
	all  float64         // by all of the browser
}

// used returns what the browser has used so far.
func (b *bench) used() (u usage, err error) {
	const tick = 10 // milliseconds, on every Linux (USER_HZ)
	if u.main, err = b.mainThreads(); err != nil {
		return u, err
	}
	for pid := range u.main {
		if pid, fields := readStat(fmt.Sprintf("/proc/%d/stat", pid)); pid != 0 {
			for _, field := range fields[11:15] { // its own in user and in kernel mode, and of children that are gone
				n, _ := strconv.Atoi(field)
				u.all += float64(n) * tick
			}
		}
	}
	return u, nil
}
