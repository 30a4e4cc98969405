package control

import (
	"maps"

	"github.com/lhrun/lhrun/supervisor"
)

func serviceOf(st supervisor.Status) Service {
	s := Service{
		Name: st.Name, Description: st.Description, Type: "service", State: st.State,
		PID: st.PID, Port: st.Port, Ports: maps.Clone(st.Ports), URL: st.URL,
		Origin: st.Origin, Names: st.Names,
		Restarts: st.Restarts, StartedAt: when(st.StartedAt), ReadyAt: when(st.ReadyAt),
		Since: Time{st.Since}, ExitCode: st.ExitCode, Reason: st.Reason, TimedOut: st.TimedOut,
		Wanted: st.Wanted, Restarting: st.Restarting, DependsOn: st.DependsOn, WaitsFor: st.WaitsFor, FailedBy: st.FailedBy, NextTry: when(st.NextTry),
		By: byOf(st.By),
	}
	if st.Task {
		s.Type = "task"
	}
	if s.Ports == nil {
		s.Ports = map[string]int{}
	}
	return s
}

func addProbes(probes map[string]supervisor.ProbeStatus, services []Service) {
	for i := range services {
		if p, ok := probes[services[i].Name]; ok {
			services[i].Probe = &Probe{
				Kind: string(p.Kind), Target: p.Target, Failures: p.Failures, LastError: p.Error, NextTry: when(p.Next),
			}
		}
	}
}

func eventOf(e supervisor.Event) Event {
	out := Event{
		Seq: e.Seq, Time: Time{e.Time}, Kind: e.Kind, Notice: e.Notice,
		Text: e.Text, Lines: e.Lines, Behind: e.Behind, Order: e.Order, By: byOf(e.By),
	}
	if e.Service != "" {
		s := serviceOf(e.Status)
		out.Service = &s
	}
	return out
}

func byOf(by supervisor.By) *supervisor.By {
	if by == (supervisor.By{}) {
		return nil
	}
	return &by
}
