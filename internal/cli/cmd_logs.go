package cli

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lhrun/lhrun/internal/journal"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/words"
)

// logsOptions are the flags of logs, as they were typed.
type logsOptions struct {
	names        []string
	follow       bool
	last         int
	since, until string
	grep         string
	ignoreCase   bool
	// before and after are lines of context; around is both where they are not given.
	before, after, around int
	run                   string
	timestamps            bool
	logFormat             string
	asJSON                bool
}

func newLogs(g *globals) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:   "logs [SERVICE…]",
		Short: "Show what the services have written",
		Long: `logs shows what all services, or the named ones, have written, in one stream as
up does. It reads what is kept on disk, so it works while the project runs,
after it was stopped and after a crash, and it slows no service. lhrun's own
lines have the name lhrun.

Without flags logs shows all of the current run, or of the last one. --since and
--until search all runs that are kept, and a line says where each begins. TIME
is a duration before now (10m, 1d12h), a time of the last 24 hours (15:04 or
15:04:05), a day (2006-01-02, yesterday), both ("2006-01-02 15:04", "yesterday
15:04") or RFC 3339; for --since also a cursor, as "lhrun events --json" gives
it: then the answer begins with a line "missed" where something after it may be
gone.

-n counts the lines of each service, as --tail of docker compose does; for so
many of all together: lhrun logs | tail -n 20. With --grep it counts the lines
that match; -B, -A and --context add the lines around them, of the same service.

A line is what a terminal shows of it: a progress bar is one line, in its last
state. --json gives each line as the service wrote it.

With -f logs goes on with what comes until Ctrl-C (exit code 130), also when the
project is stopped and started again. A reader that is too slow for the log's
bound is told how much it missed.`,
		Example: `  lhrun logs                     the current run, or the last one
  lhrun logs -f -n 20 api web    the last 20 lines of each, and what comes
  lhrun logs --since 10m -i --grep 'error|panic' -A 5
  lhrun logs --since yesterday --color always | less -R
  lhrun logs --run -1 api        the run before
  lhrun logs --run all --json | jq -r '."@message"'`,
		ValidArgsFunction: g.completeServices,
		RunE: func(cmd *cobra.Command, names []string) error {
			o.names = names
			want, err := o.request(time.Now(), cmd.Flags().Changed("lines"))
			if err != nil {
				return err
			}
			return g.logs(cmd.Context(), want)
		},
	}
	o.addFlags(g, cmd)
	return cmd
}

func (o *logsOptions) addFlags(g *globals, cmd *cobra.Command) {
	f := cmd.Flags()
	// -f follows here, as everywhere; the file keeps its long name.
	f.StringVar(&g.File, "file", "", "read `FILE` instead of lhrun.toml")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with what comes")
	f.IntVarP(&o.last, "lines", "n", 0, "only the last `N` lines of each service")
	f.StringVar(&o.since, "since", "", "only lines from `TIME`, or from a cursor, on")
	f.StringVar(&o.until, "until", "", "only lines up to `TIME`")
	f.StringVar(&o.grep, "grep", "", "only lines that match the regular expression `RE`")
	f.BoolVarP(&o.ignoreCase, "ignore-case", "i", false, "let --grep take upper and lower case for the same")
	f.IntVarP(&o.before, "before-context", "B", 0, "with --grep, also `N` lines before each match")
	f.IntVarP(&o.after, "after-context", "A", 0, "with --grep, also `N` lines after each match")
	f.IntVar(&o.around, "context", 0, "-B `N` -A N")
	f.StringVar(&o.run, "run", "0", "`RUN`: 0 is the last, -1 before it; all")
	f.BoolVarP(&o.timestamps, "timestamps", "t", false, "put the time before each line")
	f.StringVar(&o.logFormat, "log-format", "text", "`FORMAT` of the stream: text or json")
	addJSON(cmd, &o.asJSON)
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "tail" { // as docker has it
			name = "lines"
		}
		return pflag.NormalizedName(name)
	})
}

// logsRequest is what logs was asked for, checked.
type logsRequest struct {
	names      []string
	query      logs.Query
	follow     bool
	newOnly    bool
	timestamps bool
	json       bool
	// cursor bounds the lines in place of a time; "" does not.
	cursor string
	// missed says that some of what came after it may be gone.
	missed bool
}

func (o logsOptions) request(now time.Time, limited bool) (logsRequest, error) {
	r := logsRequest{names: o.names, follow: o.follow, timestamps: o.timestamps, json: o.asJSON || o.logFormat == "json"}
	if o.logFormat != "text" && o.logFormat != "json" {
		return r, usageError("--log-format is text or json, not %q", o.logFormat)
	}
	if o.follow && (o.until != "" || o.run != "0") {
		return r, usageError("-f goes on with what comes, so it has no use for --until and --run")
	}
	if o.last < 0 {
		return r, usageError("-n is a number of lines, not %d", o.last)
	}
	r.query.Last, r.newOnly = o.last, limited && o.last == 0
	var err error
	if journal.LooksLikeCursor(o.since) {
		r.cursor, o.since = o.since, ""
	}
	if r.query.Since, err = words.ParseMoment(o.since, now); err != nil {
		return r, usageError("--since %w", err)
	}
	if r.query.Until, err = words.ParseMoment(o.until, now); err != nil {
		return r, usageError("--until %w", err)
	}
	if err := o.choose(&r.query); err != nil {
		return r, err
	}
	err = o.whichRun(&r.query)
	r.query.All = r.query.All || r.cursor != "" && o.run == "0"
	return r, err
}

// choose sets what --grep and its companions ask for.
func (o logsOptions) choose(q *logs.Query) error {
	q.Before, q.After = cmp.Or(o.before, o.around), cmp.Or(o.after, o.around)
	switch {
	case min(o.before, o.after, o.around) < 0:
		return usageError("-B, -A and --context are numbers of lines, not %d", min(o.before, o.after, o.around))
	case o.grep == "" && (o.ignoreCase || q.Before > 0 || q.After > 0):
		return usageError("-i, -A, -B and --context go with --grep")
	case o.grep == "":
		return nil
	}
	expression := o.grep
	if o.ignoreCase {
		expression = "(?i)" + expression
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return usageError("--grep: %w", err)
	}
	q.Grep = logs.NewPattern(re)
	return nil
}

// whichRun selects the runs: with a bound in time all of them, unless one is named.
func (o logsOptions) whichRun(q *logs.Query) error {
	q.All = o.run == "all" || o.run == "0" && (o.since != "" || o.until != "")
	if o.run == "all" {
		return nil
	}
	n, err := strconv.Atoi(o.run)
	if err != nil || n > 0 {
		return usageError("--run is 0, -1 and so on, or all, not %q", o.run)
	}
	q.Run = n
	return nil
}

// logNames are all names that may stand before a line: lhrun's own, the services of
// the file in their order, then those that only have a log.
func logNames(p *run.Project, kept []string) []string {
	names := []string{logs.Self}
	for _, name := range slices.Concat(p.Order(), kept) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
