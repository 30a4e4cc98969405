package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/internal/words"
)

func newTrafficHAR(g *globals) *cobra.Command {
	var path string
	var reveal bool
	cmd := &cobra.Command{
		Use:   "har [N…]",
		Short: "Export calls for the network panel of a browser",
		Long: `har prints the calls N, or all of HTTP that are kept, as HAR 1.2, which the
network panels of browsers open. With -o it writes a file that only you can
read; it follows no link. What is secret is *** in it, unless --reveal is given.`,
		Example: `  lhrun traffic har -o shop.har
  lhrun traffic har 12 13 >two.har`,
		RunE: func(_ *cobra.Command, args []string) error {
			for _, arg := range args {
				if _, err := readCall(arg); err != nil {
					return err
				}
			}
			return g.trafficHAR(args, path, reveal)
		},
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "write to `FILE`")
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show what is secret")
	return cmd
}

func (g *globals) trafficHAR(calls []string, path string, reveal bool) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	_, client, err := g.dialTraffic(ctx)
	if err != nil {
		return err
	}
	all := len(calls) == 0
	if all && client != nil {
		err = client.List(ctx, traffic.Query{}, func(r traffic.Row) error {
			calls = append(calls, strconv.FormatUint(r.ID, 10))
			return nil
		})
		if err != nil {
			return err
		}
	}
	var entries []traffic.Entry
	for _, call := range calls {
		e, err := g.call(ctx, client, call, reveal)
		if _, absent := errors.AsType[*traffic.AbsentError](err); absent && all {
			continue // It had to make room meanwhile.
		}
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	var b bytes.Buffer
	left, err := traffic.WriteHAR(&b, "1", entries)
	if err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(g.Err, "lhrun: %s left out, being no HTTP\n", words.Plural(left, "call"))
	}
	if path == "" {
		_, err = g.Out.Write(b.Bytes())
		return err
	}
	return writePrivate(path, b.Bytes())
}

// writePrivate writes a file that only this user can read, and follows no link.
func writePrivate(path string, data []byte) error {
	f, err := files.Open(path, os.O_WRONLY|os.O_CREATE)
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAll(f, data))
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, files.Cause(err))
	}
	return nil
}

func writeAll(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Close())
}
