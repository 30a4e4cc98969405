package probe

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Exec passes when run says exit code 0. run must end its whole process group
// when ctx does; its output is only looked at for the last line, and err is for
// a command that could not run or finish.
func Exec(run func(ctx context.Context) (code int, output []byte, err error)) Check {
	return func(ctx context.Context) error {
		start := time.Now()
		code, output, err := run(ctx)
		var text string
		switch {
		case err == nil && code == 0:
			return nil
		case err != nil && ctx.Err() != nil:
			err = ctx.Err()
			text = fmt.Sprintf("still running after %s", time.Since(start).Round(time.Millisecond))
		case err != nil:
			text = reason(err, start)
		default:
			text = fmt.Sprintf("exit code %d", code)
		}
		if line := lastLine(output); line != "" {
			text += ": " + line
		}
		return &failure{text: text, err: err}
	}
}

// lastLine is the last line with something to see in it.
func lastLine(output []byte) string {
	for len(output) > 0 {
		cut := bytes.LastIndexByte(output, '\n')
		if line := plain(output[cut+1:]); line != "" {
			return line
		}
		output = output[:max(cut, 0)]
	}
	return ""
}
