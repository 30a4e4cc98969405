package trust

import (
	"bufio"
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// thisMachine fails where HOME is not set.
func thisMachine() (machine, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return machine{}, err
	}
	return machine{
		home: home, root: "/", os: runtime.GOOS,
		config: cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")),
		data:   cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")),
	}, nil
}

// stores are all that this machine's browsers and programs look into, once each.
func (m machine) stores() []store {
	var found []store
	if m.os == "darwin" {
		for _, name := range []string{"login.keychain-db", "login.keychain"} {
			if path := filepath.Join(m.home, "Library", "Keychains", name); exists(path) {
				found = append(found, keychain{placedStore{kindKeychain, "login keychain", path}})
				break
			}
		}
	}
	for _, id := range slices.Concat(m.chromiums(), m.firefoxes()) {
		found = append(found, nss{id, m})
	}
	if s := m.system(); s.Path != "" {
		found = append(found, s)
	}
	return found
}

// chromiumApps are those that keep their files in a directory of their own, by the name
// that snap or flatpak gives it.
var chromiumApps = []string{
	"snap/chromium/current", "snap/brave/current", ".var/app/org.chromium.Chromium", ".var/app/com.google.Chrome",
	".var/app/com.brave.Browser", ".var/app/com.microsoft.Edge", ".var/app/com.vivaldi.Vivaldi",
	".var/app/io.github.ungoogled_software.ungoogled_chromium",
}

// chromiums are the databases of Chromium and its relatives. Their own one is made where
// it is missing: a browser that has never run makes it later, and then knows the root.
func (m machine) chromiums() []placedStore {
	if m.os == "darwin" {
		return nil // They ask the keychain.
	}
	databases := []string{filepath.Join(m.home, ".pki", "nssdb")}
	databases = append(databases, glob(m.data, "pki", "nssdb")...)
	for _, app := range chromiumApps {
		if dir := filepath.Join(m.home, app); isDir(dir) {
			databases = append(databases, filepath.Join(dir, ".pki", "nssdb"))
		}
	}
	databases = append(databases, glob(m.home, "snap", "*", "current", ".pki", "nssdb")...)
	databases = append(databases, glob(m.home, ".var", "app", "*", ".pki", "nssdb")...)
	var found []placedStore
	for _, path := range once(databases) {
		found = append(found, placedStore{kindNSS, "Chromium, Chrome" + m.app(path), path})
	}
	return found
}

// app names the snap or the flatpak that path belongs to.
func (m machine) app(path string) string {
	rel, err := filepath.Rel(m.home, path)
	if err != nil {
		return ""
	}
	parts := strings.Split(rel, string(filepath.Separator))
	switch {
	case parts[0] == "snap" && len(parts) > 1:
		return " (snap " + parts[1] + ")"
	case parts[0] == ".var" && len(parts) > 2:
		return " (flatpak " + parts[2] + ")"
	}
	return ""
}

// firefoxes are the databases of all profiles of Firefox and its relatives.
func (m machine) firefoxes() []placedStore {
	homes := []string{
		filepath.Join(m.home, ".mozilla", "firefox"),
		filepath.Join(m.config, "mozilla", "firefox"),
		filepath.Join(m.home, ".librewolf"),
		filepath.Join(m.config, "librewolf", "librewolf"),
		filepath.Join(m.home, "Library", "Application Support", "Firefox"),
	}
	for _, app := range slices.Concat(glob(m.home, "snap", "*", "common"), glob(m.home, ".var", "app", "*")) {
		homes = append(homes, filepath.Join(app, ".mozilla", "firefox"), filepath.Join(app, "config", "mozilla", "firefox"))
	}
	var found []placedStore
	for _, home := range once(homes) {
		for _, path := range once(profiles(home)) {
			found = append(found, placedStore{kindNSS, "Firefox " + filepath.Base(path) + m.app(path), path})
		}
	}
	return found
}

// profiles are the directories below home that profiles.ini names or that have a database.
func profiles(home string) []string {
	var found []string
	data, _ := files.ReadInput(filepath.Join(home, "profiles.ini"))
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		path, is := strings.CutPrefix(strings.TrimSpace(lines.Text()), "Path=")
		switch {
		case !is || path == "":
		case filepath.IsAbs(path):
			found = append(found, path)
		default:
			found = append(found, filepath.Join(home, filepath.FromSlash(path)))
		}
	}
	for _, database := range slices.Concat(glob(home, "*", "cert?.db"), glob(home, "Profiles", "*", "cert?.db")) {
		found = append(found, filepath.Dir(database))
	}
	return slices.DeleteFunc(found, func(path string) bool { return !isDir(path) })
}

// once drops what leads to the same place as one before it.
func once(paths []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(paths, func(path string) bool {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			real = path
		}
		defer func() { seen[real] = true }()
		return seen[real]
	})
}
