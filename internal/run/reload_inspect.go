package run

import (
	"maps"

	"github.com/lhrun/lhrun/internal/control"
)

// inspecting is the state that the file had when it was read, with other services inspected.
func (r *reloader) inspecting(ask control.Request) (next nextState, err error) {
	names := ask.Services
	if len(names) == 0 {
		names = []string{InspectAll}
	}
	inspected, err := inspecting(r.now.Project, names, !ask.Off)
	if err != nil {
		return next, err
	}
	next.inspected = map[string]bool{}
	maps.Copy(next.inspected, r.inspected)
	maps.Copy(next.inspected, inspected)
	next.Project = &Project{Project: r.now.WithInspect(next.inspected), Registry: r.now.Registry, Checkout: r.now.Checkout}
	return next, nil
}
