//go:build tools

// Package tools names the program that is built, so that go.mod and go.sum stay complete.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
