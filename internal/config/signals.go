package config

// signalNames are those worth suggesting.
func signalNames() []string {
	return []string{"TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2", "WINCH", "CONT", "STOP", "ALRM", "PIPE", "TSTP"}
}
