EVERYWHERE = kube-ipam-etcd,kube-ipam-agent,kube-ipam-agent-etcd,kube-ipam-kubernetes,kube-ipam-agent-kubernetes
# What speaks of no file, process or command of its own holds however kube-ipam is deployed.
EVERYWHERE_TESTS = test/conformance $(patsubst %,test/process/%.test.ts,parallel kill model node-file)
CLI_TESTS = $(patsubst %,test/process/%.test.ts,cli cli-ip cli-check cli-gc cli-store cli-import-leases cli-take-over)

PROCESSOR = $(subst x86_64,amd64,$(subst aarch64,arm64,$(shell uname -m)))

.PHONY: all build shim image release test test-everywhere test-soak test-fuzz test-cluster test-nodes test-deploy demo demo-cluster test-demo bench bench-scale bench-cluster bench-whereabouts bench-kubernetes lint clean

all: build

# Each target installs what it needs first; that takes no time when all of it is there.

## build: compiles dist/kube-ipam, one file
build:
	@scripts/setup.sh build
	@scripts/build.sh

## shim: compiles dist/kube-ipam-shim, which the runtime starts where an agent runs
shim:
	@scripts/shim.sh

## image: dist/kube-ipam-image.tar, an OCI archive of executable, shim and C library; needs no Docker
image: build shim
	@node_modules/.bin/bun scripts/image.ts dist/kube-ipam-image.tar "$(PROCESSOR)=dist"

## release: dist/release with programs for x64 and arm64, an image archive for both, chart and checksums
release:
	@scripts/setup.sh release
	@scripts/release.sh

## test: every test against the built executable; closes with `N passed, N failed`
test: build shim
	@scripts/setup.sh test
	@scripts/test.sh

## test-everywhere: the black-box cases, and the command line, on etcd with mutual TLS, on a real API server, through agent and shim, and while the agent is killed at random
test-everywhere: build shim
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@KUBE_IPAM_SUBJECTS=$(EVERYWHERE) scripts/test.sh $(EVERYWHERE_TESTS) test/process/undo.test.ts
	@# The command line speaks of each shared store in its words.
	@KUBE_IPAM_SUBJECTS=kube-ipam-etcd,kube-ipam-kubernetes scripts/test.sh $(CLI_TESTS)
	@# An agent that is killed undoes nothing; DEL and the runs after it do.
	@KUBE_IPAM_SUBJECTS=kube-ipam-agent-killed scripts/test.sh $(EVERYWHERE_TESTS)
	@# Main plugins run in networks of their own, from where only an agent reaches the tests' etcd and API server.
	@KUBE_IPAM_SUBJECTS=kube-ipam-agent,kube-ipam-agent-etcd,kube-ipam-agent-kubernetes scripts/test.sh test/plugins

## test-cluster: on a real Kubernetes, built once from its Go module and kept outside the checkout
test-cluster: build shim
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@nice test/cluster/multus/build.sh
	@nice test/cluster/whereabouts/build.sh
	@scripts/test.sh test/cluster test/kubernetes-store
	@KUBE_IPAM_CLUSTER_STORE=kubernetes scripts/test.sh $$(grep -l 'store: CLUSTER_STORE' test/cluster/*.test.ts)
	@$(MAKE) --no-print-directory test-nodes

## test-nodes: on two real nodes with kubelets and container runtimes, in namespaces of their own
test-nodes: image
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@nice test/nodes/build.sh
	@nice scripts/helm.sh
	@scripts/own-machine.sh scripts/test.sh test/nodes

## test-deploy: image, chart, manifests and examples; on a real API server and a real containerd
test-deploy: image release
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@nice scripts/helm.sh
	@scripts/test.sh test/deploy

## demo: real namespaces, the real bridge plugin, fixed addresses; leaves nothing behind
demo:
	@scripts/setup.sh demo
	@scripts/build.sh
	@scripts/demo.sh

## demo-cluster: the same on a real Kubernetes of two nodes, kube-ipam's store in its API; as root, leaves nothing behind
demo-cluster:
	@scripts/demo-cluster.sh

## test-demo: demo-cluster, to its end and interrupted, which must leave nothing behind
test-demo: image
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@nice scripts/helm.sh
	@scripts/test.sh test/demo

## test-soak: 10,000 ADDs and DELs through shim and agent, whose memory and descriptors must not grow
test-soak: build shim
	@scripts/setup.sh test
	@scripts/test.sh test/soak

## test-fuzz: hostile configurations, annotations, owner references, reviews and imports; FUZZ_SECONDS=3600 for an hour
FUZZ_SECONDS = 60
test-fuzz: build
	@scripts/setup.sh test
	@KUBE_IPAM_FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/test.sh test/fuzz

## bench: every figure of docs/performance.md but those of the next two, measured here and written there (20 minutes)
bench: build shim
	@scripts/setup.sh test
	@node_modules/.bin/bun bench/add-del.ts
	@node_modules/.bin/bun bench/agent.ts
	@node_modules/.bin/bun bench/cold.ts
	@node_modules/.bin/bun bench/agent-throughput.ts
	@node_modules/.bin/bun bench/agent-memory.ts
	@node_modules/.bin/bun bench/etcd-transactions.ts

## bench-scale: what many nodes cost, measured here and written into docs/scale.md (20 minutes)
bench-scale: build shim
	@scripts/setup.sh test
	@node_modules/.bin/bun bench/verbs-at-size.ts
	@node_modules/.bin/bun bench/many-agents.ts
	@node_modules/.bin/bun bench/thousand-nodes.ts
	@nice test/cluster/build.sh
	@node_modules/.bin/bun bench/controller-at-size.ts

## bench-cluster: pods on a real cluster of two nodes, beside host-local: times, CPU and API calls into docs/performance.md; as root, five minutes
bench-cluster: build shim
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@scripts/own-machine.sh node_modules/.bin/bun bench/cluster.ts

## bench-whereabouts: ADD and DEL beside the real whereabouts and host-local, into docs/performance.md
bench-whereabouts: build shim
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@nice test/cluster/whereabouts/build.sh
	@node_modules/.bin/bun bench/whereabouts.ts

## bench-kubernetes: the store on Kubernetes' own API beside the one on etcd, into docs/performance.md (five minutes)
bench-kubernetes: build shim
	@scripts/setup.sh test
	@nice test/cluster/build.sh
	@node_modules/.bin/bun bench/kubernetes-store.ts

## lint: format, lint, types, dead code
lint:
	@scripts/setup.sh lint
	@node_modules/.bin/biome ci .
	@node_modules/.bin/tsc -p .
	@node_modules/.bin/knip

## clean: removes what was built
clean:
	@rm -rf dist
