package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// httpget is a program of the scripts: it prints the status, the headers and the
// body that a URL gives. It neither follows redirections nor tidies paths.
func httpget() {
	host := flag.String("host", "", "send another Host")
	method := flag.String("method", "GET", "")
	flag.Parse()
	if err := request(*method, flag.Arg(0), *host); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func request(method, url, host string) error {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return err
	}
	req.Host = host
	if _, path, ok := strings.Cut(strings.TrimPrefix(url, "http://"), "/"); ok {
		req.URL.Opaque = "/" + path
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	fmt.Println(res.Status)
	for name, values := range res.Header {
		fmt.Printf("%s: %s\n", name, strings.Join(values, ", "))
	}
	_, err = io.Copy(os.Stdout, res.Body)
	return err
}
