package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
)

func newCompletion(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of bash, zsh, fish or powershell",
		Long: `completion prints a script for SHELL that completes verbs, flags and the names
of this project's services.`,
		Example: `  source <(lhrun completion bash)          # ~/.bashrc
  source <(lhrun completion zsh)           # ~/.zshrc, after compinit
  lhrun completion fish | source           # config.fish
  lhrun completion powershell | Out-String | Invoke-Expression`,
		Args:      between(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				if err := root.GenBashCompletionV2(g.Out, true); err != nil {
					return err
				}
				_, err := io.WriteString(g.Out, bareBash)
				return err
			case "zsh":
				return root.GenZshCompletion(g.Out)
			case "fish":
				return root.GenFishCompletion(g.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(g.Out)
			default:
				if near := didYouMean(args[0], shells); near != "" {
					return usageError("unknown shell %q%s", args[0], near)
				}
				return usageError("unknown shell %q; it is one of %s", args[0], strings.Join(shells, ", "))
			}
		},
	}
}

// shells are those that cobra can write a script for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

// bareBash finds the words where the package bash-completion is not loaded, on
// which cobra's script counts.
const bareBash = `
__lhrun_init_completion()
{
    COMPREPLY=()
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref "$@" cur prev words cword
        return
    fi
    local line=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]} prev=${words[cword > 0 ? cword - 1 : 0]}
}
declare -F _filedir >/dev/null || _filedir()
{
    local IFS=$'\n'
    COMPREPLY=($(compgen -d -- "$cur"))
}
`

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeService completes one service name.
func (g *globals) completeService(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return g.serviceNames(nil), noFiles
}

// completeServices completes any number of services, each once.
func (g *globals) completeServices(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return g.serviceNames(args), noFiles
}

// completePort completes a service, then one of its further ports.
func (g *globals) completePort(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return g.completeService(cmd, args, word)
	}
	var names []cobra.Completion
	for _, s := range g.services() {
		if s.Name == args[0] {
			for _, p := range s.Ports {
				names = append(names, p.Name)
			}
		}
	}
	return names, noFiles
}

func (g *globals) completeProfiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, s := range g.services() {
		names = append(names, s.Profiles...)
	}
	return names, noFiles
}

// completeNameList completes the last of several names, separated by commas.
func (g *globals) completeNameList(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return commaList(word, g.serviceNames), noFiles | cobra.ShellCompDirectiveNoSpace
}

func completeStates(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return commaList(word, func(taken []string) []cobra.Completion {
		var names []cobra.Completion
		for _, s := range allStates {
			if !slices.Contains(taken, string(s)) {
				names = append(names, string(s))
			}
		}
		return names
	}), noFiles | cobra.ShellCompDirectiveNoSpace
}

// commaList puts what word has before its last comma before each choice.
func commaList(word string, choices func(taken []string) []cobra.Completion) []cobra.Completion {
	head := word[:strings.LastIndex(word, ",")+1]
	var out []cobra.Completion
	for _, c := range choices(strings.Split(head, ",")) {
		out = append(out, head+c)
	}
	return out
}

// serviceNames leaves out those in taken.
func (g *globals) serviceNames(taken []string) []cobra.Completion {
	return g.namesOf(taken, func(config.Service) bool { return true })
}

// namesOf are the names of the services for which is holds.
func (g *globals) namesOf(taken []string, is func(config.Service) bool) []cobra.Completion {
	seen := make(map[string]bool, len(taken))
	for _, name := range taken {
		seen[name] = true
	}
	var names []cobra.Completion
	for _, s := range g.services() {
		if !seen[s.Name] && is(s) {
			names = append(names, cobra.CompletionWithDesc(s.Name, s.Description))
		}
	}
	return names
}

// services are this project's, or none where the file cannot be read: a
// completion has nobody to tell why.
func (g *globals) services() []config.Service {
	p, err := g.Load()
	if err != nil {
		return nil
	}
	return p.Services
}
