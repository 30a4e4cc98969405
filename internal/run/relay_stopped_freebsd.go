package run

import "os"

// endIfStopped does nothing: no call tells of a stop without taking the end as well.
func endIfStopped(*os.Process) {}
