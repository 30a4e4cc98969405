package run

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/ports"
)

// Locate says which project is meant, and from which place. The zero value is the
// project of the current directory.
type Locate struct {
	// File is the project's file; "" looks for one.
	File string
	// Dir is where to look; "" is the current directory.
	Dir string
	// Profiles are started besides the services that start by themselves.
	Profiles []string
	// Warn, unless nil, gets what a user should know besides the result.
	Warn func(text string)
}

func (l Locate) warn(text string) {
	if l.Warn != nil {
		l.Warn(text)
	}
}

// Load reads the project's file and touches nothing else. Whatever is wrong with
// the file, its place included, is config.Mistakes or a UsageError.
func (l Locate) Load() (*config.Project, error) {
	p, err := config.Load(config.Options{File: l.File, Dir: l.Dir, Environ: os.Environ()})
	var mistakes config.Mistakes
	if err != nil && !errors.As(err, &mistakes) {
		return nil, &UsageError{err}
	}
	return p, err
}

// Find loads the project and says which checkout it is, leaving its ports alone.
func (l Locate) Find() (*Project, error) {
	cfg, err := l.Load()
	if err != nil {
		return nil, err
	}
	registry, err := ports.Open(ports.Options{Range: cfg.Range, Warn: l.warn, Run: liveIn})
	if err != nil {
		return nil, err
	}
	p := &Project{Project: cfg, Registry: registry}
	if p.RunsAs, err = runsAs(cfg, registry); err != nil {
		return nil, err
	}
	if p.RunsAs != nil && p.RunsAs.named(cfg) {
		cfg.Name, p.RunsAs = p.RunsAs.Checkout.Project, nil
	}
	p.Checkout, err = registry.Checkout(cfg.Name, cfg.Dir)
	return p, err
}

// runsAs returns the run of the file that goes on in its directory, whatever path that has
// by now, under another name; nil for none.
func runsAs(cfg *config.Project, registry *ports.Registry) (*Run, error) {
	others, err := registry.Others(cfg.Name, cfg.Dir)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	id := files.DirID(cfg.Dir)
	for _, c := range others {
		r, err := runIn(c)
		if err == nil && r.Alive && id != "" && r.dirID == id && filepath.Base(r.File) == filepath.Base(realPath(cfg.File)) {
			return &r, nil
		}
	}
	return nil, nil
}

// named reports whether r has the name that cfg leaves to the directory: that of the path
// which it had when the run began.
func (r *Run) named(cfg *config.Project) bool {
	return cfg.Unnamed() && r.Checkout.Project == config.DefaultName(r.Checkout.Dir)
}

// Peek is Open without the variables, whose files it does not read.
func (l Locate) Peek() (*Project, error) {
	p, err := l.Find()
	if err == nil {
		p.Leases, err = p.Registry.Lookup(p.Checkout, p.Requests())
	}
	return p, err
}

// Open finds the project and looks its ports up without leasing them, so it
// answers alike whether the project runs or not.
func (l Locate) Open() (*Project, error) {
	p, err := l.Peek()
	if err != nil {
		return nil, err
	}
	if p.Resolved, err = p.resolve(p.Leases); err != nil {
		return nil, err
	}
	return p, nil
}

// RefuseUnknown returns a UsageError where the file has no service of one of
// names. A file that cannot be read refuses nothing.
func (l Locate) RefuseUnknown(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	p, err := l.Find()
	if err != nil {
		return nil
	}
	for _, name := range names {
		if _, err := p.Service(name); err != nil {
			return err
		}
	}
	return nil
}

// Masker knows the secrets of every service or, where the file cannot be read
// now, those of lhrun's own environment. It reads them in the background, while
// the caller waits for something else.
func (l Locate) Masker() mask.Masker {
	m := l.lateMasker()
	go m.Text("read them")
	return m
}

// lateMasker is Masker that reads nothing before it is used.
func (l Locate) lateMasker() mask.Masker {
	return mask.Late(func() [][]string {
		p, err := l.Open()
		if err != nil {
			return [][]string{os.Environ()}
		}
		return p.environs()
	})
}
