package control

import (
	"maps"

	"github.com/lhrun/lhrun/supervisor"
)

func serviceOf(st supervisor.Status) Service {
	s := Service{
		Name: st.Name, Description: st.Description, Type: "service", State: string(st.State),
		PID: st.PID, Port: st.Port, Ports: maps.Clone(st.Ports), URL: st.URL,
		Restarts: st.Restarts, StartedAt: when(st.StartedAt), ReadyAt: when(st.ReadyAt),
		Since: Time{st.Since}, ExitCode: st.ExitCode, Reason: st.Reason, TimedOut: st.TimedOut,
		Wanted: st.Wanted, DependsOn: st.DependsOn, WaitsFor: st.WaitsFor, NextTry: when(st.NextTry),
	}
	if st.Task {
		s.Type = "task"
	}
	if s.Ports == nil {
		s.Ports = map[string]int{}
	}
	return s
}

var kinds = map[supervisor.EventKind]string{
	supervisor.EventState:   KindState,
	supervisor.EventExit:    KindExit,
	supervisor.EventNotice:  KindNotice,
	supervisor.EventRemoved: KindRemoved,
}

func eventOf(e supervisor.Event) Event {
	s := serviceOf(e.Status)
	return Event{Seq: e.Seq, Time: Time{e.Time}, Kind: kinds[e.Kind], Service: &s, Text: e.Text, Lines: e.Lines}
}
