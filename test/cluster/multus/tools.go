//go:build tools

// Package tools pins the release of Multus that the tests run.
package tools

import _ "gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus"
