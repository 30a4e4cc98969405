//go:build !linux || portable

package ports

import (
	"errors"
	"net/netip"
)

// PeerUID cannot tell here whose the socket at client is: errors.ErrUnsupported.
func PeerUID(_, _ netip.AddrPort) (uid int, err error) { return 0, errors.ErrUnsupported }

// PeerHolder cannot tell here who has the socket at client: errors.ErrUnsupported.
func PeerHolder(_, _ netip.AddrPort) (Holder, error) { return Holder{}, errors.ErrUnsupported }
