//go:build linux

package engine

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// sleeper says the process id of what sleeps beside it.
const sleeper = "sleep 1000 & echo $!; wait"

// firstLine starts a program and reads the number that it says.
func firstLine(t *testing.T, cmd *exec.Cmd, start func() error) int {
	t.Helper()
	said, err := cmd.StdoutPipe()
	must(t, err)
	must(t, start())
	line, err := bufio.NewReader(said).ReadString('\n')
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	must(t, err)
	return pid
}

// runs says whether there is a process that has not ended.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A child ends with all that it has started.
func TestChildEnds(t *testing.T) {
	cmd := exec.Command("sh", "-c", sleeper)
	var c *child
	pid := firstLine(t, cmd, func() (err error) {
		c, err = startChild(cmd)
		return err
	})
	if !runs(pid) {
		t.Fatal("it does not run")
	}
	c.end(false)
	wait(t, "the end of what it has started", func() bool { return !runs(pid) })
}

// A child that was asked to end is waited for.
func TestChildEndsByItself(t *testing.T) {
	c, err := startChild(exec.Command("true"))
	must(t, err)
	c.end(true)
	if !c.cmd.ProcessState.Success() {
		t.Errorf("it was killed: %s", c.cmd.ProcessState)
	}
}

// A child ends when this program is killed. The test runs itself, and kills that.
func TestChildEndsWhenKilled(t *testing.T) {
	if os.Getenv("SLEEPS") != "" {
		c, err := startChild(exec.Command("sleep", "1000"))
		must(t, err)
		fmt.Println(c.cmd.Process.Pid)
		<-c.done
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildEndsWhenKilled$")
	cmd.Env = append(os.Environ(), "SLEEPS=1")
	pid := firstLine(t, cmd, cmd.Start)
	if !runs(pid) {
		t.Fatal("it does not run")
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	wait(t, "the end of the child", func() bool { return !runs(pid) })
}
