//go:build !js

package engine

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// startXvfb starts a screen that nobody sees. Programs that show something on it
// end with it.
func startXvfb() (_ *child, display string, err error) {
	path, err := program("Xvfb")
	if err != nil {
		return nil, "", err
	}
	says, hears, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = says.Close() }()
	cmd := exec.Command(path, "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{hears} // its file descriptor 3
	xvfb, err := startChild(cmd)
	_ = hears.Close()
	if err != nil {
		return nil, "", err
	}
	if err := says.SetReadDeadline(time.Now().Add(startTime)); err != nil {
		return nil, "", err
	}
	number, err := bufio.NewReader(says).ReadString('\n')
	if err != nil {
		xvfb.end(false)
		return nil, "", fmt.Errorf("the display of Xvfb: %w", err)
	}
	return xvfb, ":" + strings.TrimSpace(number), nil
}
