package logs

import (
	"errors"
	"fmt"
	"time"
)

// trouble is the state of a log that the disk refuses.
type trouble struct {
	cause   error // nil: there is none
	missing int64 // bytes since the last one on disk
	lost    int64 // bytes whose absence the log tells already
	retry   time.Time
}

// resume tries again after trouble, once a second. In the log, a separate line says how
// much is missing.
func (l *Log) resume(at time.Time, p []byte) error {
	t := &l.trouble
	if at.Before(t.retry) {
		t.missing += int64(len(p))
		return nil
	}
	t.retry = at.Add(retryEvery)
	if err := l.mark(at); err != nil {
		t.cause = err
		t.missing += int64(len(p))
		return nil
	}
	if n, err := l.put(at, p); err != nil {
		t.cause = err
		t.missing += int64(len(p) - n)
		return nil
	}
	lost := t.lost
	*t = trouble{}
	return fmt.Errorf("the log of %q is written again; %d bytes are missing from it", l.service, lost)
}

// mark writes how much is missing before the bytes that are about to come, whole
// or not at all.
func (l *Log) mark(at time.Time) error {
	if err := l.verify(at); err != nil {
		return err
	}
	t := &l.trouble
	if t.missing == 0 {
		return nil
	}
	text := fmt.Sprintf("lhrun: %d bytes are missing here: %v\n", t.missing, rootCause(t.cause))
	if !l.ended && l.flags() == 0 {
		text = "\n" + text
	}
	base, size, ended := l.base, l.size, l.ended
	records, last, attempt := l.records, l.last, l.attempt
	if _, err := l.put(at, []byte(text)); err != nil {
		if l.log == nil || l.base != base {
			return err
		}
		// Of the index first: a record must not speak of bytes that are gone.
		if l.idx.Truncate(records*recordSize) == nil {
			l.records, l.last, l.attempt = records, last, attempt
		}
		if l.log.Truncate(size) == nil {
			l.size, l.ended = size, ended
		}
		return err
	}
	t.lost += t.missing
	t.missing = 0
	return nil
}

// rootCause returns err without the name of the file, as the line stands in that file.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
