//go:build !linux

package ports

const readsEnvironments = false
