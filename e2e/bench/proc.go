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

// A usage is what the browser has used so far, in milliseconds.
type usage struct {
	main float64 // the main threads of the processes that have pages in them
	all  float64 // everything
}

// used returns what the browser has used so far.
func (b *bench) used() (u usage, err error) {
	const tick = 10 // milliseconds, on every Linux (USER_HZ)
	all, err := b.processes()
	if err != nil {
		return u, err
	}
	for _, pid := range all {
		if pid, fields := readStat(fmt.Sprintf("/proc/%d/stat", pid)); pid != 0 {
			for _, field := range fields[11:15] { // its own in user and in kernel mode, and of children that are gone
				n, _ := strconv.Atoi(field)
				u.all += float64(n) * tick
			}
		}
		command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(command), "--type=renderer") {
			data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid)) // of the main thread alone
			first, _, _ := strings.Cut(string(data), " ")
			n, _ := strconv.Atoi(first)
			u.main += float64(n) / 1e6
		}
	}
	if u.main == 0 {
		return u, fmt.Errorf("the system does not say what the browser uses")
	}
	return u, nil
}
