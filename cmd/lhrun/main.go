// Command lhrun runs a project's services on one machine, each on its own port.
package main

import (
	"os"

	"github.com/lhrun/lhrun/internal/cli"
	_ "github.com/lhrun/lhrun/internal/stack" // Before the others are initialised.
	"github.com/lhrun/lhrun/internal/view"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], view.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
