//go:build !js && !linux

package engine

import "syscall"

// attributes of a child: none that every system has.
func attributes() *syscall.SysProcAttr { return nil }

// kill kills the child.
func (c *child) kill() { _ = c.cmd.Process.Kill() }
