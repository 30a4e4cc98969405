package logs

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

const benchLines, benchBytes = 500_000, 50_000_000

// flood lets n children write at once into what take does with their pipes.
func flood(b *testing.B, n int, take func(i int, r *os.File)) {
	b.SetBytes(int64(n) * benchBytes)
	for b.Loop() {
		var wg sync.WaitGroup
		for i := range n {
			r, w := pipe(b)
			cmd := command(b, "flood:500000")
			cmd.Stdout = w
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			_ = w.Close()
			wg.Go(func() {
				take(i, r)
				_ = r.Close()
				_ = cmd.Wait()
			})
		}
		wg.Wait()
	}
}

func benchFile(b *testing.B) *os.File {
	f, err := os.Create(filepath.Join(b.TempDir(), "out"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f
}

var benchNames = []string{"api", "web", "worker", "db"}

// BenchmarkCopyOnly is the limit: four children into one file, untouched.
func BenchmarkCopyOnly(b *testing.B) {
	f := benchFile(b)
	flood(b, 4, func(_ int, r *os.File) {
		_, _ = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{r}, make([]byte, chunkSize))
	})
}

func benchStreams(b *testing.B, w io.Writer, stored bool) {
	c := NewConsole(w, ConsoleOptions{Names: benchNames})
	var streams []*Stream
	s := openStore(b, b.TempDir(), StoreOptions{})
	for _, name := range benchNames {
		opts := StreamOptions{Service: name, Sink: c, Failed: func(err error) { b.Error(err) }}
		if stored {
			opts.Log = openLog(b, s, name)
		}
		streams = append(streams, NewStream(opts))
	}
	b.ResetTimer()
	flood(b, 4, func(i int, r *os.File) {
		if err := streams[i].Copy(r); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkConsoleAndStore is what `lhrun up > file` does with a flood.
func BenchmarkConsoleAndStore(b *testing.B) { benchStreams(b, benchFile(b), true) }

func BenchmarkConsole(b *testing.B) { benchStreams(b, benchFile(b), false) }

func BenchmarkConsoleToNull(b *testing.B) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	benchStreams(b, f, true)
}

func benchFormat(b *testing.B, line string, opts ConsoleOptions) {
	var block []byte
	for len(block)+len(line) < chunkSize {
		block = append(append(block, line...), '\n')
	}
	c := NewConsole(io.Discard, opts)
	out := make([]byte, 0, 4*chunkSize)
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		out = c.appendBlock(out[:0], c.redrawOf("api"), []byte("api | "), block)
	}
}

func BenchmarkFormat(b *testing.B) {
	ascii := "2026-01-02 15:04:05 GET /products/1234 200 in 13ms, a line of the length that lines often have ........"
	b.Run("ascii", func(b *testing.B) { benchFormat(b, ascii, ConsoleOptions{}) })
	b.Run("utf8", func(b *testing.B) { benchFormat(b, "grüße "+ascii, ConsoleOptions{}) })
	b.Run("coloured", func(b *testing.B) {
		benchFormat(b, "\x1b[32mINFO\x1b[0m "+ascii, ConsoleOptions{Color: true})
	})
}

func BenchmarkRead(b *testing.B) {
	s := openStore(b, b.TempDir(), StoreOptions{})
	st := NewStream(StreamOptions{Service: "api", Log: openLog(b, s, "api")})
	copyChild(b, st, "flood:150000")
	b.ResetTimer()
	for b.Loop() {
		if n := len(readAll(b, s, "api", Query{Last: 100})); n != 100 {
			b.Fatal(n)
		}
	}
}
