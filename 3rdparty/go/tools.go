//go:build tools

// Package programs names what go.mod pins, so that `go mod tidy` does not take it for unused.
package programs

import _ "github.com/buchgr/bazel-remote"
