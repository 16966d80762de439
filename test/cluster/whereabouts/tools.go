//go:build tools

// Package tools pins the release of whereabouts that the tests run.
package tools

import _ "github.com/k8snetworkplumbingwg/whereabouts/cmd"
