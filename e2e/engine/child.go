//go:build !js

package engine

import (
	"os/exec"
	"time"
)

// patience is how long a program has to end by itself.
const patience = 10 * time.Second

// A child is a program that ends with this one, also if this one is killed.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Tie has a program that is not started yet end with this one.
func Tie(cmd *exec.Cmd) { cmd.SysProcAttr = attributes() }

// startChild starts it in a process group of its own.
func startChild(cmd *exec.Cmd) (*child, error) {
	Tie(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		_ = cmd.Wait()
	}()
	return c, nil
}

// end waits a while for the program, if it was asked to end, and kills what is
// left of its group.
func (c *child) end(asked bool) {
	if asked {
		select {
		case <-c.done:
		case <-time.After(patience):
		}
	}
	c.kill()
	<-c.done
}
