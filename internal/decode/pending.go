package decode

import "time"

type nothing struct{}

func (nothing) Read(Direction, []byte, time.Time) {}
func (nothing) End(Direction, time.Time)          {}
func (nothing) Stop(string, time.Time)            {}

// New is pending.
func New(Protocol, Limits, Emit) Decoder { return nothing{} }
